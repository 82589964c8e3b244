// Ends at once, and leaves behind a process in a session of its own that ignores SIGTERM and holds its output open.
import { spawn } from "node:child_process";
import { join } from "node:path";

const program = join(import.meta.dirname, "ignore-sigterm.mjs");
const daemon = spawn(process.execPath, [program], { detached: true, stdio: "inherit" });
daemon.unref();
process.stdout.write("left a daemon\n");
