// Runs before the author's code and gives back what runs it. What is kept in variables here, that code cannot change.
// All that says the time or draws lots is replaced, so that every attempt sees the same.
(function (emit, random, now, lineCharsMax) {
  'use strict';
  const { stringify } = JSON;
  const { construct } = Reflect;
  const text = String;
  const Failed = Error;
  const AsyncFunction = (async () => {}).constructor;
  const unbound = (method) => Function.prototype.call.bind(method);
  const slice = unbound(String.prototype.slice);
  const wellFormed = unbound(String.prototype.toWellFormed);
  const cut = (value) => wellFormed(slice(value, 0, lineCharsMax));

  // Like others show it: text as it is, errors with their stack, all else as JSON if it has one.
  const shown = (value) => {
    if (typeof value === 'string') return value;
    try {
      if (value instanceof Failed) return `${text(value)}\n${text(value.stack)}`;
      return stringify(value) ?? text(value);
    } catch {
      return typeof value === 'bigint' ? text(value) : '[unprintable]';
    }
  };

  let open = true;
  const write = (level) => (...parts) => {
    let line = '';
    for (let at = 0; open && at < parts.length && line.length < lineCharsMax; at++) {
      line += (at > 0 ? ' ' : '') + shown(parts[at]);
    }
    if (open) open = emit(level, cut(line));
  };
  globalThis.console = {
    debug: write('debug'), log: write('info'), info: write('info'), warn: write('warn'), error: write('error'),
  };

  Math.random = random;
  const Clock = Date;
  const Fixed = new Proxy(Clock, {
    apply: () => text(new Clock(now)),
    construct: (target, given, asked) => construct(target, given.length > 0 ? given : [now], asked),
  });
  Clock.now = () => now;
  Clock.prototype.constructor = Fixed;
  globalThis.Date = Fixed;

  return {
    run: async (code, input) => new AsyncFunction('input', code)(input),
    length: (value) => value.length,
    // What was thrown: its words, the name if it is an error, and its stack.
    told: (thrown) => {
      if (!(thrown instanceof Failed)) return [cut(shown(thrown)), '', ''];
      try {
        return [cut(text(thrown)), cut(text(thrown.name)), cut(text(thrown.stack))];
      } catch {
        return ['[unprintable]', '', ''];
      }
    },
  };
})
