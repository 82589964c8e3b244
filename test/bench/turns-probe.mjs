// Loaded into a client (`node --import`): measures it from the server's "begin" to its "end", and tells the server. What it keeps
// beside it, such as the process that starts programs for it, counts as its own; programs that come and go do not, anybody's.
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";

const tickMs = 10;

const starting = watchLoop();
const socket = net.connect(Number(process.env.BENCH_PROBE), "127.0.0.1");
// A client that is done is not kept.
socket.unref();
let end;
socket.on("data", (text) => {
  if (String(text) === "begin") {
    end = begin();
    socket.write("begun");
  } else socket.write(JSON.stringify(end()));
});

function begin() {
  const startBlockMs = starting();
  const block = watchLoop();
  const kept = keptProcesses();
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const longestBlockMs = block();
    let processorMs = (user + system) / 1_000;
    let peakMb = process.resourceUsage().maxRSS / 1_024;
    const now = keptProcesses();
    for (const [pid, before] of kept) {
      const after = now.get(pid) ?? before;
      processorMs += after.processorMs - before.processorMs;
      peakMb += after.peakMb;
    }
    return { processorMs, peakMb, longestBlockMs, startBlockMs };
  };
}

/** Our children that are there now, by pid. */
function keptProcesses() {
  const kept = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(fields[1]) !== process.pid) continue;
      const status = readFileSync(`/proc/${pid}/status`, "latin1");
      const peakMb = Number(/VmHWM:\s+([0-9]+)/.exec(status)?.[1] ?? 0) / 1_024;
      const processorMs = (Number(fields[11]) + Number(fields[12])) * tickMs;
      kept.set(pid, { processorMs, peakMb });
    } catch {
      // It has ended meanwhile.
    }
  }
  return kept;
}

/** The longest that a timer had to wait while this process worked: what others took of the machine meanwhile does not count. */
function watchLoop() {
  let longest = 0;
  let wall = performance.now();
  let processor = process.cpuUsage();
  const look = () => {
    const { user, system } = process.cpuUsage(processor);
    longest = Math.max(longest, Math.min(performance.now() - wall, (user + system) / 1_000));
    wall = performance.now();
    processor = process.cpuUsage();
  };
  const timer = setInterval(look, 1).unref();
  return () => {
    clearInterval(timer);
    look();
    return longest;
  };
}
