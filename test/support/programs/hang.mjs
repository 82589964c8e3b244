// Never ends by itself.
setInterval(() => undefined, 60_000);
process.stdout.write("ready\n");
