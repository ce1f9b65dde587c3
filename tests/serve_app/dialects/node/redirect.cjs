// Preloaded: what is meant for https://api.remove.bg goes to SERVICE, in plain HTTP. The client's code is as published.
const http = require("node:http");
const https = require("node:https");

const service = new URL(process.env.SERVICE);
const { request } = https;

https.request = (options, ...rest) => {
  const host = options.hostname || options.host;
  if (host !== "api.remove.bg") return request(options, ...rest);
  const { hostname, port } = service;
  return http.request({ ...options, protocol: "http:", host: hostname, hostname, port, agent: undefined }, ...rest);
};
