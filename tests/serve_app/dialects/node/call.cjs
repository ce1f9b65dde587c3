// Calls one function of the client with the options on the command line, and writes what it gives, or its errors, as JSON.
const client = require("remove.bg");

const [name, options] = process.argv.slice(2);
client[name](JSON.parse(options)).then(
  (result) => console.log(JSON.stringify({ result })),
  (errors) => console.log(JSON.stringify({ errors })),
);
