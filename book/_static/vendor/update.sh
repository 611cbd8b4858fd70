#!/usr/bin/env bash
# Fetch the files of this folder again; versions as in README.md. Needs npm.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --no-audit --no-fund \
  mathjax@3.2.2 @fontsource-variable/noto-sans-kr@5.3.1
from="$work/node_modules/mathjax"
rm -rf "$here/mathjax" "$here/fonts"
mkdir -p "$here/mathjax/output/chtml/fonts" "$here/mathjax/input/tex" "$here/fonts"
cp "$from/LICENSE" "$from/es5/tex-chtml.js" "$here/mathjax/"
cp -r "$from/es5/input/tex/extensions" "$here/mathjax/input/tex/"
cp -r "$from/es5/output/chtml/fonts/woff-v2" "$here/mathjax/output/chtml/fonts/"
from="$work/node_modules/@fontsource-variable/noto-sans-kr"
cp -r "$from/files" "$from/LICENSE" "$here/fonts/"
cp "$from/index.css" "$here/fonts/noto-sans-kr.css"
