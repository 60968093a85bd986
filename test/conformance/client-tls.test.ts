import { HeartbeatWheel } from "../../src/transport/heartbeat.ts";
import { dialWebSocket } from "../../src/transport/websocket-client.ts";
import { testTestee } from "./testees/test-testee.ts";
import { waterspoutClient } from "./testees/waterspout-client.ts";

testTestee(waterspoutClient("client with TLS", { dialWebSocket, HeartbeatWheel }, { isSecure: true }));
