// `node --require ./redirect.cjs …`: what a program means for https://api.remove.bg goes to SERVICE, http or https.
const http = require("node:http");
const https = require("node:https");

const service = new URL(process.env.SERVICE);
const { request } = https;
const send = service.protocol === "https:" ? request : http.request;

https.request = (options, ...rest) => {
  const host = options.hostname || options.host;
  if (host !== "api.remove.bg") return request(options, ...rest);
  const { protocol, hostname, port } = service;
  return send({ ...options, protocol, host: hostname, hostname, port, agent: undefined }, ...rest);
};
