// Never ends by itself, nor when it is asked to.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => undefined);
setInterval(() => undefined, 60_000);
process.stdout.write("ready\n");
