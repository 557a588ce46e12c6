// Tabs: several queries at once.
import { button, element } from "./dom.js";
import { say } from "./words.js";

/** Draw the tabs within the element; `show` is called after the state has changed. */
export function drawTabs(parent, state, show) {
  const choose = (index) => () => { state.current = index; show(); };
  const tabs = state.tabs.map((_, index) => button(say("tab", index + 1), choose(index), {
    class: "wb-tab", "aria-pressed": String(index === state.current),
  }));
  const add = button("+", () => { state.tabs.push({ text: "" }); state.current = state.tabs.length - 1; show(); },
    { class: "wb-tab", "aria-label": say("newTab"), title: say("newTab") });
  const close = button("×", () => { state.tabs.splice(state.current, 1); state.current = Math.max(state.current - 1, 0); show(); },
    { class: "wb-tab", "aria-label": say("closeTab"), title: say("closeTab"), hidden: state.tabs.length < 2 });
  parent.replaceChildren(...tabs, close, add);
}

/** An element that holds the tabs. */
export const tabBar = () => element("div", { class: "wb-tabs", role: "group", "aria-label": say("tabs") });
