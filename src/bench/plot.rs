//! The ratios of a run as a picture: how much of each target is reached.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, IntoTextStyle, RGBColor, ShapeStyle, TextStyle};

use super::report::Report;

/// Width of the picture and of its parts, in pixels: names, then bars, then what the bars say.
const WIDTH: i32 = 1_000;
const BARS_FROM: i32 = 190;
const BARS_TO: i32 = 720;
/// Height of one bar with its gap, and room above and below all of them.
const ROW: i32 = 34;
const GAP: i32 = 8;
const ABOVE: i32 = 70;
const BELOW: i32 = 40;
/// Share of the target at the right end; longer bars are cut off there.
const SHARE_MAX: f64 = 2.0;

/// Sizes of text; plotters makes 1.24 of them a pixel.
const TITLE: u32 = 22;
const TEXT: u32 = 17;
const SMALL: u32 = 15;

const INK: RGBColor = RGBColor(0x22, 0x2b, 0x38);
const FAINT: RGBColor = RGBColor(0x6b, 0x76, 0x84);
const GOOD: RGBColor = RGBColor(0x2e, 0x8b, 0x57);
const SHORT: RGBColor = RGBColor(0xc9, 0x6a, 0x2b);

type Sheet<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The picture of a report, as SVG.
pub(crate) fn draw(report: &Report) -> anyhow::Result<String> {
    let rows = i32::try_from(report.ratios.len())?;
    let height = ABOVE + rows * ROW + BELOW;
    let mut svg = String::new();
    let sheet = SVGBackend::with_string(&mut svg, (WIDTH.cast_unsigned(), height.cast_unsigned())).into_drawing_area();
    sheet.fill(&RGBColor(0xff, 0xff, 0xff))?;
    write(&sheet, (20, 26), HPos::Left, TITLE, INK, "capstan bench: how much of each target is reached")?;
    let conditions = report.conditions();
    write(&sheet, (20, 50), HPos::Left, SMALL, FAINT, conditions.lines().next().unwrap_or_default())?;
    for (row, (ratio, compared)) in (0..).zip(&report.ratios) {
        let (top, spread) = (ABOVE + row * ROW, compared.ratio);
        let said = format!("{:.2}  ({})", spread.median, ratio.target.words());
        bar(&sheet, top, ratio.key, ratio.target.reached(spread.median), &said)?;
        let ends = [spread.lowest, spread.highest].map(|end| (x_of(ratio.target.reached(end)), top + ROW / 2));
        line(&sheet, ends)?;
    }
    line(&sheet, [(x_of(1.0), ABOVE - 6), (x_of(1.0), ABOVE + rows * ROW)])?;
    write(&sheet, (x_of(1.0), ABOVE + rows * ROW + 16), HPos::Center, SMALL, INK, "target")?;
    sheet.present()?;
    drop(sheet);
    Ok(svg)
}

fn bar(sheet: &Sheet, top: i32, name: &str, reached: f64, said: &str) -> anyhow::Result<()> {
    let (upper, lower) = (top + GAP / 2, top + ROW - GAP / 2);
    let colour = if reached >= 1.0 { GOOD } else { SHORT };
    sheet.draw(&Rectangle::new([(BARS_FROM, upper), (x_of(reached), lower)], colour.filled()))?;
    write(sheet, (BARS_FROM - 10, top + ROW / 2), HPos::Right, TEXT, INK, name)?;
    write(sheet, (BARS_TO + 15, top + ROW / 2), HPos::Left, TEXT, INK, said)
}

fn line(sheet: &Sheet, ends: [(i32, i32); 2]) -> anyhow::Result<()> {
    let style = ShapeStyle { color: INK.to_rgba(), filled: false, stroke_width: 2 };
    sheet.draw(&PathElement::new(ends.to_vec(), style))?;
    Ok(())
}

/// Where a share of the target ends.
fn x_of(reached: f64) -> i32 {
    let share = reached.clamp(0.0, SHARE_MAX) / SHARE_MAX;
    BARS_FROM + (f64::from(BARS_TO - BARS_FROM) * share) as i32
}

fn write(sheet: &Sheet, at: (i32, i32), side: HPos, size: u32, colour: RGBColor, text: &str) -> anyhow::Result<()> {
    let font = FontDesc::new(FontFamily::SansSerif, f64::from(size), FontStyle::Normal);
    let style: TextStyle = font.into_text_style(sheet).color(&colour).pos(Pos::new(side, VPos::Center));
    sheet.draw(&Text::new(text.to_owned(), at, style))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn each_ratio_has_its_bar_and_the_target_its_line() {
        let svg = draw(&report()).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
        for expected in ["drain_durable", "0.50  (≥ 0.5)", "latency_p50", "1.25  (≤ 1.5)", "target"] {
            assert!(svg.contains(expected), "{expected:?} is not in\n{svg}");
        }
    }

    #[test]
    fn bars_end_within_the_picture() {
        assert_eq!((x_of(0.0), x_of(100.0)), (BARS_FROM, BARS_TO));
        assert_eq!(x_of(1.0), (BARS_FROM + BARS_TO) / 2);
    }
}
