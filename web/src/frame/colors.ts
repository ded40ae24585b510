/** Light or dark, as the browser's user prefers it; Cloudscape asks for a class on the body. */
export function followColorScheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => document.body.classList.toggle("awsui-dark-mode", dark.matches);
  dark.addEventListener("change", follow);
  follow();
}
