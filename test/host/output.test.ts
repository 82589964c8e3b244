import fc from "fast-check";
import { expect, test } from "vitest";
import { makeTail } from "../../src/host/output.ts";

test("the tail is the last 64 KB, whatever the pieces, from a whole character on", () => {
  const piece = fc.tuple(fc.constantFrom("a", "é", "€", "\n"), fc.nat(40_000));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const tail = makeTail();
      // One buffer for all pieces, as pipes have it.
      const shared = Buffer.alloc(3 * 40_000);
      let all = "";
      for (const [character, count] of pieces) {
        const text = character.repeat(count);
        tail.add(shared.subarray(0, shared.write(text)));
        all += text;
      }
      const bytes = Buffer.from(all);
      const end = bytes.subarray(-64 * 1024).toString();
      const whole = bytes.length > 64 * 1024 ? end.replace(/^\ufffd{1,2}/, "") : end;
      expect(tail.text() === whole).toBe(true);
    }),
    { numRuns: 200 },
  );
});
