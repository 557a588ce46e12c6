// The words of the workbench, in the languages of the pages.

const WORDS = {
  query: ["Query", "查询"],
  run: ["Run", "运行"],
  cancel: ["Cancel", "取消"],
  running: ["Running …", "正在运行……"],
  cancelled: ["Cancelled.", "已取消。"],
  unreachable: ["The service cannot be reached.", "无法连接服务。"],
  line: ["Line {0}, column {1}: ", "第 {0} 行第 {1} 列："],
  rows: ["{0} rows in {1} ms", "{0} 行，{1} 毫秒"],
  triples: ["Answer in {0} ms", "已答复，{0} 毫秒"],
  filter: ["Filter rows", "筛选行"],
  names: ["Names", "显示名称"],
  shown: ["{0}–{1} of {2}", "第 {0}–{1} 行，共 {2} 行"],
  previous: ["Previous", "上一页"],
  next: ["Next", "下一页"],
  sort: ["Sort by {0}", "按 {0} 排序"],
  yes: ["Yes", "是"],
  no: ["No", "否"],
  empty: ["No rows.", "没有结果。"],
  views: ["Views", "视图"],
  table: ["Table", "表格"],
  chart: ["Chart", "图表"],
  timeline: ["Timeline", "时间线"],
  raw: ["Raw", "原始数据"],
  cut: ["Only the beginning is shown.", "仅显示开头部分。"],
  more: ["{0} more are not drawn.", "另有 {0} 项未绘出。"],
  result: ["Result", "结果"],
  tab: ["Query {0}", "查询 {0}"],
  tabs: ["Queries", "查询标签"],
  newTab: ["New query", "新建查询"],
  closeTab: ["Close this query", "关闭此查询"],
  history: ["History", "历史"],
  noHistory: ["Nothing was run yet.", "尚未运行任何查询。"],
  examples: ["Examples", "示例"],
  share: ["Copy link", "复制链接"],
  copied: ["The link is copied: {0}", "链接已复制：{0}"],
  code: ["As code", "代码"],
  hints: ["Hints", "提示"],
  keys: ["Ctrl-Enter runs, Ctrl-Space completes, Escape then Tab leaves the editor.", "Ctrl-Enter 运行，Ctrl-空格补全，先按 Esc 再按 Tab 可离开编辑器。"],
  notices: ["Licences of the editor", "编辑器的许可"],
  class: ["class", "类"],
  property: ["property", "属性"],
  used: ["used {0} times with it", "与其同用 {0} 次"],
  prefix: ["prefix", "前缀"],
};

export const language = document.documentElement.lang === "zh" ? "zh" : "en";

/** The words of that name, with the values put in. */
export function say(name, ...values) {
  const words = WORDS[name][language === "zh" ? 1 : 0];
  return words.replace(/\{(\d)\}/g, (_, index) => values[index]);
}
