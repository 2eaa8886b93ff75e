/** The colour without `brandColor`, as the pages of the authorization server have it. */
const BRAND_COLOR = '#1a4f8b';

/**
 * The style sheet. Colours are `rgb()`, because a number sign begins a directive in a mapping template of API Gateway. Links in dark
 * mode are a tint of the brand's colour, which is dark.
 */
export function pageStyle(brandColor: string = BRAND_COLOR): string {
  const brand = [1, 3, 5].map((at) => Number.parseInt(brandColor.slice(at, at + 2), 16)).join();
  return [
    `:root{color-scheme:light dark;--brand:rgb(${brand});--link:var(--brand);--line:rgb(216,220,226);--quiet:rgb(84,91,102);--raised:rgb(245,246,248)}`,
    '@media(prefers-color-scheme:dark){:root{--link:color-mix(in srgb,var(--brand) 40%,white);--line:rgb(58,63,72);--quiet:rgb(168,175,186);--raised:rgb(31,34,40)}body{background:rgb(22,24,29);color:rgb(236,238,241)}}',
    '*{box-sizing:border-box}',
    'body{margin:0 auto;max-width:46rem;padding:2.5rem 1.25rem 4rem;font:1rem/1.6 system-ui,sans-serif;overflow-wrap:break-word}',
    'h1{margin:0;font-size:2rem;line-height:1.2}h2{margin:2.75rem 0 .75rem;font-size:1.3rem}h3{margin:0;font-size:1.05rem}p{margin:.4rem 0}',
    'header p{font-size:1.1rem;color:var(--quiet)}.logo{display:block;max-height:4rem;max-width:100%;margin-bottom:1rem}',
    'a{color:var(--link)}a:focus-visible{outline:3px solid var(--link);outline-offset:2px}',
    'pre{margin:.35rem 0 0;padding:.7rem .9rem;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--raised);border:1px solid var(--line);border-radius:.45rem}',
    'code{font:.9em/1.5 ui-monospace,SFMono-Regular,Menlo,monospace}',
    'dl{margin:1.25rem 0}dt{margin-top:1.1rem;font-weight:600}dd{margin:0}',
    '.add{display:flex;flex-wrap:wrap;gap:.6rem;margin:1.25rem 0 0;padding:0;list-style:none}',
    '.add a{display:inline-block;padding:.5rem 1rem;border-radius:.45rem;background:var(--brand);color:white;text-decoration:none;font-weight:600}.add a:hover{text-decoration:underline}',
    '.tools{margin:0;padding:0;list-style:none}.tools li{padding:1rem 0;border-top:1px solid var(--line)}',
    '.quiet{color:var(--quiet);font-size:.925rem}footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line)}footer a{margin-right:1.25rem}',
  ].join('\n');
}
