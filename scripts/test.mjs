// `npm test [-- WHAT…]` and `npm run test:long`: install what is missing, then run the tests. They build dist/ themselves.
import path from "node:path";
import { must, requirePackages, root } from "./set-up.mjs";

requirePackages();
const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
must(process.execPath, [vitest, "run", ...process.argv.slice(2)], { stdio: "inherit" });
