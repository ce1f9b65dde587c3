/** The service's messages, which are written for programs, in words for people. */

import { WANTED } from "../pictures/pictures.js";

/** An error that the service answers, or that it cannot be reached; the message is in words for people. */
export class ServiceError extends Error {}

/** Why a model gave no cutout, or takes no part: the service's sentence, and ours. */
const REASONS = [
  [/API_KEY|hold a key/, "Not set up: whoever runs this server can add an account for it."],
  [/weights|checksum|its download|package|npm|pip/i, "Not installed on this server."],
  [/timeout after|longer than|not answer|deadline/i, "It took too long."],
  [/busy|queue is full/, "It has too much to do at the moment."],
  [/could not be reached|hung up|no sense|not running|died|crash/, "It could not be reached."],
  [/ceiling|budget/, "Today's spending limit is reached."],
  [/^not needed/i, "Not needed: the others agree."],
  [/not local/, "Paid models are switched off."],
  [/forbids commercial use/, "Its cutouts must not be sold."],
  [/starting|loading/, "It is still starting."],
  [/memory/, "The picture is too large for it."],
];
const ADDRESS = "That address cannot be used. Give the address of a picture on a public website.";
const LARGE_FOR_DETAIL = "This picture is too large for the finest sharpness; Sharper is possible.";
const NO_DETAIL = /^method: detail cannot be used/;
const MEGA = 1_000_000;

/** Why a model failed, or took no part. */
export function reasonOf(text) {
  const [, plain] = REASONS.find(([known]) => known.test(text)) ?? [];
  return plain ?? text.charAt(0).toUpperCase() + text.slice(1).replace(/[^.!?]$/, "$&.");
}

/** What to tell about an error of the service: `type` and `message` as in its body, `field` of its
 * details, and the `reason` of the model that failed first. */
export function plainly({ type, message, field, reason }) {
  if (type === "invalid_format") return `This file cannot be read as a picture. ${WANTED} is expected.`;
  if (type === "image_too_large") return field === "method" ? LARGE_FOR_DETAIL : tooLarge(message);
  if (NO_DETAIL.test(reason)) return "The finest sharpness is not installed on this server.";
  if (field === "image_url") return /public host|address is expected/.test(message) ? ADDRESS : fetched(message);
  if (type === "processing_error") return reason ? reasonOf(reason) : "No model could cut this picture out.";
  if (type === "internal_error") return "Something went wrong on the server. Please try again.";
  if (type === "service_unavailable") return "The server cannot do this at the moment. Please try again in a minute.";
  if (type === "not_found") return "This picture is no longer kept on the server. Please drop it again.";
  return message;
}

function tooLarge(message) {
  const [, has, most] = /has (\d+) pixels; at most (\d+)/.exec(message) ?? [];
  if (has) return `This picture has ${mega(has)} megapixels; at most ${mega(most)} are possible.`;
  const [, megabytes] = /limit of (\d+) MB/.exec(message) ?? [];
  return megabytes ? `This file is too large; at most ${megabytes} MB are possible.` : "This picture is too large.";
}

function fetched(message) {
  const reason = /could not be fetched: (.*)/.exec(message)?.[1];
  return reason ? `The picture could not be fetched: ${reason}.` : ADDRESS;
}

const mega = (pixels) => Math.round(pixels / MEGA);
