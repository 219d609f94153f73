import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";
import { catches } from "../../kernel/debug/caught-errors.ts";

function isCaught(source: string): boolean {
  return catches(parseSync("script.js", source).program, source.indexOf("fail"));
}

test.each([
  "try { fail() } catch {}",
  "try {\n  if (x) { fail() }\n} catch (error) { log(error) } finally { end() }",
  "function f() { try { fail() } catch {} }",
  "try { try { fail() } finally { end() } } catch {}",
  "try { x() } catch { try { fail() } catch {} }",
])("catches the error in %j", (source) => {
  expect(isCaught(source)).toBe(true);
});

test.each([
  "fail()",
  "try { fail() } finally { end() }",
  "try { x() } catch { fail() }",
  "try { x() } catch {} finally { fail() }",
  "try { call(() => fail()) } catch {}", // where the function is called is another frame
  "try { class A { x = fail() } } catch {}",
])("lets the error through in %j", (source) => {
  expect(isCaught(source)).toBe(false);
});
