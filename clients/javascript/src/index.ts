/** The client of a Cutout Shotgun service. */
export { Client, type ClientOptions } from "./client.js";
export { CutoutError, type ErrorType } from "./errors.js";
export type { JobEvent } from "./events.js";
export type { Bytes, Picture } from "./pictures.js";
export type { components, paths, webhooks } from "./service.js";
export type * from "./types.js";
