/** A program that starts a lane, says on which port its server listens, and waits to be killed. */
import { Lane } from "../../../../examples/transport-lab/lane.ts";

const lane = await Lane.start("websocket", { host: "127.0.0.1", allowedOrigins: [], phase: 0 });
process.stdout.write(`${lane.port}\n`);
