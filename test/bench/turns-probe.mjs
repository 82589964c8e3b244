// Loaded into a client (`node --import`): measures it from the server's "begin" to its "end", and tells the server.
import net from "node:net";

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
  const cpu = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const peakMb = process.resourceUsage().maxRSS / 1_024;
    const longestBlockMs = block();
    return { processorMs: (user + system) / 1_000, peakMb, longestBlockMs, startBlockMs };
  };
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
