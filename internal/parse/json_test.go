package parse

import (
	"strings"
	"testing"

	"constat/entry"
)

func TestJSON(t *testing.T) {
	checkShapes(t, JSONLines, Options{Provenance: entry.Imported}, []shape{
		{`{}`, `json`},
		{`{"a":"b","c":""}`, `json a="b" c=""`},
		{`{"a": "b", "c": "d"}`, `json 01 a="b" c="d"`},
		{`{"a": "b", "c": 1, "d": [true, null]}`, `json 010404 a="b" c="1" d="[true, null]"`},
		{`{"n":-1.5e+3,"t":true,"o":{"x":[1,{}]}}`, `json 00000404 n="-1.5e+3" t="true" o="{\"x\":[1,{}]}"`},
		{`{"a":["x","y"],"b":"z"}`, `json 000202 a="x" a="y" b="z"`},
		{`{"a": ["x", "y"], "b": 1}`, `json 01020208 a="x" a="y" b="1"`},
		{`{"a":[],"b":["x",1]}`, `json 000004 a="[]" b="[\"x\",1]"`},
		{`{"a":{"base64":"/w=="}}`, `json 0001 a="\xff"`},
		{`{"a": "x", "b": {"base64": "AAE="}}`, `json 0105 a="x" b="\x00\x01"`},
		{`{"a":["x",{"base64":"/w=="}]}`, `json 00020205 a="x" a="\xff"`},
		{`{"a":{"base64":"/x=="}}`, `json 0000 a="{\"base64\":\"/x==\"}"`}, // bits that are not zero
		{`{"a":{"base64":"/w==","b":1}}`, `json 0000 a="{\"base64\":\"/w==\",\"b\":1}"`},
		{`{"a":"\"\\\n\r\t\b\f\u0001\u001f"}`, `json a="\"\\\n\r\t\b\f\x01\x1f"`},
		{"{\"a\":\"\xff\xfe J\u00fcrgen \U0001f512 \u2028 \x7f\"}", `json a="\xff\xfe Jürgen 🔒 \u2028 \x7f"`},
		{`{"a":"b","a":"c"}`, `json a="b" a="c"`},
		{`{"a\"b":"c"}`, `json a"b="c"`},
		{`{"a":"\u00fc\ud83d\udd12\/\ud83d"}`, `raw a="ü🔒/�"`},
		{`{"a": "\u00fc\ud83d\udd12\u007f", "\u00e4": "\u2028"}`, `json 0b a="ü🔒\x7f" ä="\u2028"`},
		{`{"a": "\u00fc\ud83d\udd12\u007f", "\u00e4": "</"}`, `json 03 a="ü🔒\x7f" ä="</"`},
		{`{"a":"<\/b>\u00e4"}`, `json 06 a="</b>ä"`},
		{`{"a":"\u003cb\u003e \u0026 ä\u2028"}`, `json 08 a="<b> & ä\u2028"`},
		{`{"a":"\u003cb>"}`, `raw a="<b>"`},
		{`{"a":"\u00fc","b":"ü"}`, `raw a="ü" b="ü"`},
		{`{"a":"\u00FC"}`, `raw a="ü"`},
		{`{"a":"\u001F"}`, `raw a="\x1f"`},
		{`{"a" : "b"}`, `raw a="b"`},
		{` {"a":"b"} ` + "\r", `raw a="b"`},
		{`{"a": "b","c":"d"}`, `raw a="b" c="d"`},
		{`{"":"x","a=b":"y","a\u0001":"z"}`, `raw _="x" a_b="y" a_="z"`},
		{`{"` + strings.Repeat("ä", 200) + `":"x"}`, `raw ` + strings.Repeat("ä", 127) + `="x"`},
		{`{"_RAW":"x"}`, `raw _RAW="x"`},
		{`[1]`, `text MESSAGE="[1]"`},
		{`{"a":01}`, `text MESSAGE="{\"a\":01}"`},
		{`{"a":"\x"}`, `text MESSAGE="{\"a\":\"\\x\"}"`},
		{"{\"a\":\"\t\"}", `text MESSAGE="{\"a\":\"\t\"}"`},
		{`{"a":"b"`, `text MESSAGE="{\"a\":\"b\""`},
		{`{"a":"b"}x`, `text MESSAGE="{\"a\":\"b\"}x"`},
		{``, `text MESSAGE=""`},
	})
}

func TestJSONClaimed(t *testing.T) {
	checkShapes(t, JSONLines, Options{}, []shape{
		{`{"_PID":"1","PID":"2"}`, `json 000301 PID="1" PID="2"`},
		{`{"a": "b", "__c": ["x", "y"], "_d": 1}`, `json 01070202020b0100 a="b" c="x" c="y" d="1"`},
		{`{"_time":"2023-10-11T22:14:15Z","__":"x"}`, `raw @2023-10-11T22:14:15Z time="2023-10-11T22:14:15Z" unnamed="x"`},
		{`{"\u0001x":"y","\u0001":"z"}`, `raw x="y" unnamed="z"`},
		{`{"_RAW":"x"}`, `json 000301 RAW="x"`},
		{`{"` + strings.Repeat("_", 256) + `a":"x"}`, `raw a="x"`},
	})
}

func TestJSONTime(t *testing.T) {
	checkShapes(t, JSONLines, Options{Provenance: entry.Imported}, []shape{
		{`{"ts":"2023-10-11T22:14:15.5Z","time":"2023-10-11 22:14:15.250+02:00"}`,
			`json @2023-10-11T22:14:15.250+02:00 ts="2023-10-11T22:14:15.5Z" time="2023-10-11 22:14:15.250+02:00"`},
		{`{"_time":"yesterday","@timestamp":"2023-10-11T22:14:15Z"}`,
			`json @2023-10-11T22:14:15Z _time="yesterday" @timestamp="2023-10-11T22:14:15Z"`},
		{`{"__REALTIME_TIMESTAMP":"1697062455000001"}`, `json @2023-10-11T22:14:15.000001Z __REALTIME_TIMESTAMP="1697062455000001"`},
		{`{"__REALTIME_TIMESTAMP":1697062455000001}`, `json 0000 @2023-10-11T22:14:15.000001Z __REALTIME_TIMESTAMP="1697062455000001"`},
		{`{"time":"2023-10-11T22:14:15"}`, `json time="2023-10-11T22:14:15"`},
		{`{"ts":1697062455.5}`, `json 0000 ts="1697062455.5"`},
	})
}

func TestJSONDepth(t *testing.T) {
	for depth, want := range map[int]entry.Renderer{60: entry.RenderJSON, 100: entry.RenderText, 1 << 20: entry.RenderText} {
		line := []byte(`{"a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`)
		var e entry.Entry
		New(JSONLines, Options{}).Parse(&e, line, testTime)
		if e.Renderer != want {
			t.Errorf("depth %d: %v", depth, rendererNames[e.Renderer])
		}
	}
	many := []byte(`{"a":1` + strings.Repeat(`,"a":1`, maxFields) + `}`)
	var e entry.Entry
	New(JSONLines, Options{}).Parse(&e, many, testTime)
	if e.Renderer != entry.RenderText {
		t.Errorf("too many fields: %v", rendererNames[e.Renderer])
	}
}

func TestExport(t *testing.T) {
	checkShapes(t, Export, Options{Provenance: entry.Imported}, []shape{
		{"A=b\n_C=\n\n", `export A="b" _C=""`},
		{"A=b=c\n", `export 02 A="b=c"`},
		{"\n", `export`},
		{"", `export 02`},
		{"A\n\x03\x00\x00\x00\x00\x00\x00\x00x\ny\n\n", `export A="x\ny"`},
		{"A\n\x01\x00\x00\x00\x00\x00\x00\x00\x01\nB=c\n\n", `export 01 A="\x01" B="c"`},
		{"A\n\x02\x00\x00\x00\x00\x00\x00\x00\xc2\x80\nB=\tc\n", `export 03 A="\u0080" B="\tc"`},
		{"A\n\x01\x00\x00\x00\x00\x00\x00\x00x\n\n", `raw A="x"`},
		{"__REALTIME_TIMESTAMP=1697062455000001\n_SOURCE_REALTIME_TIMESTAMP=1697062454000000\n\n",
			`export @2023-10-11T22:14:14.000000Z __REALTIME_TIMESTAMP="1697062455000001" _SOURCE_REALTIME_TIMESTAMP="1697062454000000"`},
		{"A=b\nMESS", `raw A="b"`},
		{"A=b\nC=d", `raw A="b" C="d"`},
		{"A=b\nC\n\xff\xff\xff\xff\xff\xff\xff\xffx\n\n", `raw A="b"`},
		{"A=b\nC\n\xff\xff\xff\x0f\x00\x00\x00\x00x\n\n", `raw A="b"`},
		{"A=b\n\nC=d\n\n", `raw A="b"`},
		{"=x\n\n", `raw _="x"`},
		{"_RAW=x\n\n", `raw _RAW="x"`},
		{"no format", `text MESSAGE="no format"`},
	})
	checkShapes(t, Export, Options{}, []shape{{"_PID=1\n\n", `raw PID="1"`}})
}
