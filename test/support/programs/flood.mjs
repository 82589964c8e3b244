// Prints as fast as it can, for ever or as many megabytes as its first argument says, if that is a number.
const megabytes = Number.parseInt(process.argv[2], 10) || Number.POSITIVE_INFINITY;
const chunk = `${"flood ".repeat(10)}\n`.repeat(16_000).slice(0, 999_999).concat("\n");
for (let written = 0; written < megabytes; written++) {
  if (!process.stdout.write(chunk))
    await new Promise((resume) => process.stdout.once("drain", resume));
}
