/**
 * What happens, as it happens. The browser reconnects by itself and tells the server the last
 * event it saw, so nothing in between is missed; we only show that it is trying.
 */

/**
 * `onState` hears "connecting", "live" or "lost"; `onEvent` each recorded event of the topics,
 * `onReport` each report that has ended.
 */
export function listen({ topics, onEvent, onReport, onState }) {
  let source;
  let retry;

  function open() {
    onState("connecting");
    source = new EventSource(`/api/v1/live?topics=${topics.join(",")}`);
    source.onopen = () => onState("live");
    source.onerror = () => {
      onState("lost");
      // The browser gives up for good on an answer that is no event stream, such as a 503.
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(retry);
        retry = setTimeout(open, 2000);
      }
    };
    source.onmessage = (message) => onEvent(JSON.parse(message.data));
    source.addEventListener("report", (message) => onReport(JSON.parse(message.data)));
    // We read too slowly and were let go: join again at the head.
    source.addEventListener("dropped", () => {
      source.close();
      retry = setTimeout(open, 500);
    });
  }

  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
}
