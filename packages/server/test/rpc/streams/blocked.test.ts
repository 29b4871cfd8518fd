import { connect } from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { StreamSessionRequestSchema } from "@stratavore/proto";
import { expect, onTestFinished, test } from "vitest";
import { converse, open, openStreams, reached, session } from "../fixture/stratavore.js";

test("a peer that stops reading is let go, and others are served meanwhile", async () => {
  const opened = await open({ limits: { blockedMs: 500 } });
  const { url, token } = await reached(opened);
  const { sessionId } = await session(opened);
  await converse(opened, sessionId, "!flood 4000000");
  const peer = connect(url);
  onTestFinished(() => peer.destroy());
  const stream = peer.request({
    ":method": "POST",
    ":path": "/stratavore.v1.SessionService/StreamSession",
    "content-type": "application/grpc",
    te: "trailers",
    authorization: `Bearer ${token}`,
  });
  const message = toBinary(
    StreamSessionRequestSchema,
    create(StreamSessionRequestSchema, { sessionId, fromStart: true }),
  );
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  const reset = new Promise((resolve) => stream.once("close", () => resolve(stream.rstCode)));
  stream.on("error", () => {});
  // Paused, it takes no more than its window holds.
  stream.pause();
  stream.end(Buffer.concat([head, message]));
  await expect.poll(() => openStreams(opened)).toBe(1n);
  expect(await reset).not.toBe(0);
  await expect.poll(() => openStreams(opened)).toBe(0n);
  await converse(opened, sessionId, "!say still here");
});
