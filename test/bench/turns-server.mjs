// A model that answers at once, for many agents that change one file each: `node turns-server.mjs AGENTS TURNS [RECORD]`.
// It holds the first request of everybody until all have come, and the last one too: what lies between is nothing but turns,
// and is what it times. With RECORD it keeps what every agent asked, to be asked again by another client.
// It prints { address, probe } and, once all have come to their last request, what it saw and what the probe told.
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import net from "node:net";
import { answerOf, finalAnswer } from "./turns-script.mjs";

const agents = Number(process.argv[2]);
const turns = Number(process.argv[3]);
const record = process.argv[4];

/** How many answers each agent has had, and its last request. */
const counts = new Array(agents).fill(0);
const requests = Array.from({ length: agents }, () => []);
let held = [];
let began = 0;
let bytes = 0;
let probe;

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.once("end", () => take(Buffer.concat(chunks), response));
});
server.keepAliveTimeout = 60_000;
const probes = net.createServer((socket) => {
  probe = socket;
});
server.listen(0, "127.0.0.1", () =>
  probes.listen(0, "127.0.0.1", () => {
    const address = `http://127.0.0.1:${server.address().port}/v1`;
    console.log(JSON.stringify({ address, probe: probes.address().port }));
  }),
);

function take(body, response) {
  const agent = agentOf(body);
  const turn = counts[agent];
  counts[agent] += 1;
  if (record !== undefined) requests[agent].push(body);
  if (turn > 0) bytes += body.length;
  const send = () => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(turn === turns ? finalAnswer : answerOf(agent, turn));
  };
  if (turn > 0 && turn < turns) return send();
  held.push(send);
  if (held.length < agents) return undefined;
  return turn === 0 ? begin() : end();
}

function agentOf(body) {
  const at = body.indexOf("You are agent ") + "You are agent ".length;
  return Number.parseInt(body.toString("latin1", at, at + 8), 10);
}

function begin() {
  const ready = held;
  held = [];
  probe.once("data", () => {
    began = performance.now();
    for (const send of ready) send();
  });
  probe.write("begin");
}

function end() {
  const ms = performance.now() - began;
  probe.once("data", (text) => {
    if (record !== undefined) keepRecord();
    console.log(JSON.stringify({ ms, bytes, ...JSON.parse(String(text)) }));
    for (const send of held) send();
  });
  probe.write("end");
}

/** A line for each agent: its last request, and how many messages each request had of it. */
function keepRecord() {
  const lines = requests.map((bodies) => {
    const parsed = bodies.map((body) => JSON.parse(body));
    const { messages, ...rest } = parsed.at(-1);
    return JSON.stringify({ rest, messages, lengths: parsed.map((each) => each.messages.length) });
  });
  writeFileSync(record, lines.join("\n"));
}
