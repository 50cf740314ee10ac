//! Presets against the examples that vendors publish; where there are none, against what Python's `hmac` says.

use super::*;
use crate::webhooks::SigningSecret;

/// A call that is good at `now_s`.
struct Case {
    rules: Verify,
    secret: &'static str,
    headers: Vec<(&'static str, String)>,
    body: &'static str,
    now_s: i64,
}

impl Case {
    fn verify_at(&self, now_s: i64) -> Result<Verified, NotVerified> {
        self.verify_as(self.secret, self.body, now_s)
    }

    fn verify_as(&self, secret: &str, body: &str, now_s: i64) -> Result<Verified, NotVerified> {
        let header = |name: &str| self.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        let message = Message { header: &header, body: body.as_bytes(), now_s };
        verify(&self.rules, &[b"another secret of before", secret.as_bytes()], &message)
    }
}

fn case(
    preset: Preset,
    secret: &'static str,
    headers: &[(&'static str, &str)],
    body: &'static str,
    now_s: i64,
) -> Case {
    let rules = Verify { preset, tolerance_s: TOLERANCE_S_DEFAULT, ..Verify::default() };
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Case { rules, secret, headers, body, now_s }
}

/// One good call of each preset, and the id that its delivery has.
fn cases() -> Vec<(Case, Option<&'static str>)> {
    let hmac = Case {
        rules: Verify {
            preset: Preset::Hmac,
            header: "x-signature".into(),
            prefix: "sha1=".into(),
            algorithm: Algorithm::Sha1,
            id_header: Some("x-delivery".into()),
            ..Verify::default()
        },
        ..case(
            Preset::Hmac,
            "key",
            &[("x-signature", "sha1=de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"), ("x-delivery", "d 1")],
            "The quick brown fox jumps over the lazy dog",
            0,
        )
    };
    let sha512 = Case {
        rules: Verify {
            preset: Preset::Hmac,
            header: "x-signature".into(),
            algorithm: Algorithm::Sha512,
            encoding: Encoding::Base64,
            ..Verify::default()
        },
        ..case(
            Preset::Hmac,
            "key",
            &[(
                "x-signature",
                "tCrwkFe6weLUFwjkipAuCbX/fxKrQopP6GZTxz3SSPuC+UilSfe3kaW0GRXuTR7Dk1NX5OIxclDQNyr6Lr7rOg==",
            )],
            "The quick brown fox jumps over the lazy dog",
            0,
        )
    };
    vec![
        // The reference tests of Standard Webhooks.
        (
            case(
                Preset::Standard,
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                &[
                    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                    ("webhook-timestamp", "1614265330"),
                    ("webhook-signature", "v1a,x v1,AAAA v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
                ],
                "{\"test\": 2432232314}",
                1_614_265_330,
            ),
            Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ),
        (
            case(
                Preset::Standard,
                "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                &[
                    ("webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
                    ("webhook-timestamp", "1649367553"),
                    ("webhook-signature", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
                ],
                "{\"email\":\"test@example.com\",\"username\":\"test_user\"}",
                1_649_367_553,
            ),
            Some("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk"),
        ),
        // The tests of the server that Standard Webhooks comes from.
        (
            case(
                Preset::Standard,
                "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
                &[
                    ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
                    ("webhook-timestamp", "1614265330"),
                    (
                        "webhook-signature",
                        "v1,g0hM9SsE v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==",
                    ),
                ],
                "{\"test\": 2432232314}",
                1_614_265_330,
            ),
            Some("msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ),
        (
            case(
                Preset::Stripe,
                "whsec_test_secret",
                &[(
                    "stripe-signature",
                    "t=1492774577,v0=ab,v1=00ff,v1=f7a632a9ffdbb1ced2fc48e44c374ec2cb4292469db292862c06ae703e2befbd",
                )],
                "{\"id\":\"evt_1\",\"type\":\"invoice.paid\"}",
                1_492_774_577,
            ),
            Some("evt_1"),
        ),
        // GitHub, "Validating webhook deliveries".
        (
            case(
                Preset::Github,
                "It's a Secret to Everybody",
                &[
                    ("x-hub-signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
                    ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
                ],
                "Hello, World!",
                0,
            ),
            Some("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ),
        // Slack, "Verifying requests from Slack".
        (
            case(
                Preset::Slack,
                "8f742231b10e8888abcd99yyyzzz85a5",
                &[
                    ("x-slack-request-timestamp", "1531420618"),
                    ("x-slack-signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
                ],
                "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
                 channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&\
                 response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&\
                 trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
                1_531_420_618,
            ),
            None,
        ),
        (
            case(
                Preset::Shopify,
                "hush",
                &[
                    ("x-shopify-hmac-sha256", "qBvrsZF7RfB1iS6BX6IHqJTp5L911P7intnPeTPsH0I="),
                    ("x-shopify-webhook-id", "w1"),
                    ("x-shopify-event-id", "e1"),
                ],
                "{\"id\":820982911946154508}",
                0,
            ),
            Some("e1"),
        ),
        (
            case(
                Preset::Calendly,
                "calendly_key",
                &[(
                    "calendly-webhook-signature",
                    "t=1614265330,v1=5495113450eb8803592c7eeaa2df3807db5e941504905df1fcd286b7c0e975b8",
                )],
                "{\"event\":\"invitee.created\"}",
                1_614_265_330,
            ),
            Some("18a0f4da6bf3f1ee8b4b6ea7f9b6ee0d6bb5e4ae3c8b55d0cbb5e08e7a2ed0c1"),
        ),
        (hmac, Some("e6a3385fb77c287a712e7f406a451727f0625041823ecf23bea7ef39b2e39805")),
        (sha512, None),
        (case(Preset::Bearer, "s3cret", &[("authorization", "Bearer s3cret")], "x", 0), None),
        (case(Preset::Basic, "user:pass:word", &[("authorization", "basic dXNlcjpwYXNzOndvcmQ=")], "x", 0), None),
    ]
}

#[test]
fn each_preset_knows_its_good_calls_and_their_ids() {
    for (case, id) in cases() {
        let verified = case.verify_at(case.now_s).unwrap_or_else(|_| panic!("{:?}", case.rules.preset));
        match case.rules.preset {
            // The same call has the same id, another one another.
            Preset::Calendly => assert_eq!(verified.delivery_id.map(|id| id.len()), Some(64)),
            Preset::Hmac => assert_eq!(verified.delivery_id.is_some(), id.is_some()),
            _ => assert_eq!(verified.delivery_id.as_deref(), id, "{:?}", case.rules.preset),
        }
    }
}

#[test]
fn what_is_altered_missing_old_or_from_the_future_is_refused() {
    for (case, _) in cases() {
        let preset = case.rules.preset;
        let is_of_body = !matches!(preset, Preset::Bearer | Preset::Basic);
        assert_eq!(case.verify_as("wrong", case.body, case.now_s), Err(NotVerified), "{preset:?}");
        assert_eq!(case.verify_as("", case.body, case.now_s), Err(NotVerified), "{preset:?}");
        let altered = format!("{}y", case.body);
        assert_eq!(case.verify_as(case.secret, &altered, case.now_s).is_err(), is_of_body, "{preset:?}");
        for seconds in [-301, 301] {
            assert_eq!(case.verify_at(case.now_s + seconds).is_err(), preset.has_time(), "{preset:?} {seconds}");
        }
        assert!(case.verify_at(case.now_s + 300).is_ok() && case.verify_at(case.now_s - 300).is_ok());
        let signed: Vec<_> = case.headers.iter().filter(|(name, _)| is_signature(name)).cloned().collect();
        for (name, value) in signed {
            let mut without = Case { headers: case.headers.clone(), rules: case.rules.clone(), ..case };
            without.headers.retain(|(other, _)| *other != name);
            assert_eq!(without.verify_at(case.now_s), Err(NotVerified), "{preset:?} without {name}");
            // Half of it, nothing of it, and with a digit that is none.
            for bad in [value[..value.len() / 2].to_owned(), String::new(), format!("{value}~"), "v1,".into()] {
                without.headers.push((name, bad.clone()));
                assert_eq!(without.verify_at(case.now_s), Err(NotVerified), "{preset:?} {name} {bad}");
                without.headers.pop();
            }
        }
    }
}

#[test]
fn what_is_made_of_a_public_key_alone_is_refused() {
    let public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
    let secret = SigningSecret::parse(&public.replace("whpk_", "whsec_")).unwrap();
    let (as_secret, as_pair) = (secret.sign("msg_1", 7, "x"), secret.sign("msg_1", 7, "x").replace("v1,", "v1a,"));
    for forged in [&as_secret, &as_pair] {
        let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", "7"), ("webhook-signature", forged.as_str())];
        assert_eq!(case(Preset::Standard, public, &headers, "x", 7).verify_at(7), Err(NotVerified), "{forged}");
    }
}

fn is_signature(name: &str) -> bool {
    ["signature", "hmac", "timestamp", "authorization"].iter().any(|part| name.contains(part))
}

#[test]
fn slack_hears_its_challenge_and_nobody_else_does() {
    let body = br#"{"type":"url_verification","challenge":"3eZbrw1a"}"#;
    assert_eq!(challenge(Preset::Slack, body).as_deref(), Some("3eZbrw1a"));
    assert_eq!(challenge(Preset::Github, body), None);
    assert_eq!(challenge(Preset::Slack, br#"{"type":"event_callback","challenge":"x"}"#), None);
}

#[test]
fn without_a_preset_everybody_is_let_in_and_a_header_may_name_the_delivery() {
    let mut anybody = case(Preset::None, "", &[("x-delivery", "7")], "x", 0);
    assert_eq!(anybody.verify_at(0), Ok(Verified::default()));
    anybody.rules.id_header = Some("x-delivery".into());
    assert_eq!(anybody.verify_at(0).unwrap().delivery_id.as_deref(), Some("7"));
}
