// A small bot of the official clients: it answers a mention in a thread, edits its answer, uploads a file, opens a
// modal, refuses its first submission and answers a command. What goes wrong ends it with a status of 1.
import { SocketModeClient } from "@slack/socket-mode";
import { WebClient } from "@slack/web-api";

const { SLACK_API_URL: slackApiUrl, SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = process.env;
const web = new WebClient(botToken, { slackApiUrl, retryConfig: { retries: 2 } });
const socket = new SocketModeClient({ appToken, clientOptions: { slackApiUrl } });
let submissions = 0;

const guard = (f) => async (event) => {
  try { await f(event); } catch (err) {
    console.error(err);
    process.exit(1);
  }
};

function equal(got, want, what) {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

socket.on("app_mention", guard(async ({ event, ack }) => {
  await ack();
  const { channel, ts: thread_ts } = event;
  const text = { type: "mrkdwn", text: "reading *logs*" };
  const posted = await web.chat.postMessage({
    channel, thread_ts, text: "reading logs", blocks: [{ type: "section", text }], metadata: { event_type: "incident", event_payload: { key: "i-1" } },
  });
  await web.chat.update({
    channel, ts: posted.ts, text: "it leaked", blocks: [
      { type: "section", text: { ...text, text: "it *leaked*" } },
      { type: "actions", elements: [{ type: "button", action_id: "wrong", text: { type: "plain_text", text: "Wrong" }, value: "i-1" }] },
    ],
  });
  await web.reactions.add({ channel, timestamp: thread_ts, name: "eyes" });
  await web.files.uploadV2({ channel_id: channel, thread_ts, filename: "evidence.json", title: "Evidence", file: Buffer.from('{"a":1}') });
  const replies = await web.conversations.replies({ channel, ts: thread_ts, include_all_metadata: true });
  equal(replies.messages[1].metadata.event_payload, { key: "i-1" }, "metadata");
  equal((await web.auth.test()).user_id, "U0FAKEBOT", "auth.test");
  const refused = await web.chat.postMessage({ channel, text: "x", blocks: [{ type: "alert" }] }).catch((err) => err.data);
  equal(refused.error, "invalid_blocks", "a block that Slack doesn't take");
}));

socket.on("interactive", guard(async ({ body, ack }) => {
  if (body.type === "block_actions") {
    await ack();
    await web.views.open({
      trigger_id: body.trigger_id, view: {
        type: "modal", title: { type: "plain_text", text: "What was it?" }, submit: { type: "plain_text", text: "Send" },
        blocks: [{ type: "input", block_id: "note", label: { type: "plain_text", text: "Note" }, element: { type: "plain_text_input", action_id: "note" } }],
      },
    });
    return;
  }
  equal(body.type, "view_submission", "type");
  if (submissions++ === 0) {
    await ack({ response_action: "errors", errors: { note: "say more" } });
    return;
  }
  equal(body.view.state.values.note.note.value, "a cache that is never emptied", "note");
  await ack();
}));

socket.on("slash_commands", guard(async ({ body, ack }) => { await ack({ text: `you said ${body.text}` }); }));

await socket.start();
