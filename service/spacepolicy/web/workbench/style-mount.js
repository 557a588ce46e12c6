// CodeMirror puts its styles into <style> elements, which the page's Content-Security-Policy
// forbids. A sheet that a script makes and the document adopts is allowed (CSSOM).
import { StyleModule } from "style-mod";

const mount = StyleModule.mount;
const adopter = {
  ownerDocument: document,
  get adoptedStyleSheets() {
    return document.adoptedStyleSheets;
  },
  set adoptedStyleSheets(sheets) {
    document.adoptedStyleSheets = sheets;
  },
};

StyleModule.mount = (root, modules) => mount.call(StyleModule, root.head ? adopter : root, modules);
