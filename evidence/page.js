"use strict";
// Checks what this page shows against what it carries: leaves, hashes, signed checkpoints and seals. It needs no
// network. It proves nothing against whoever forged the page, the script included: the check that counts is that of the
// program constat, or constat-verify.
(async () => {
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }), utf8 = new TextEncoder();
const $ = id => document.getElementById(id);
const bytes64 = s => Uint8Array.from(atob(s), c => c.charCodeAt(0));
const to64 = b => { let s = ""; for (let i = 0; i < b.length; i += 8192) s += String.fromCharCode(...b.subarray(i, i + 8192)); return btoa(s); };
const hex = b => Array.from(b, x => x.toString(16).padStart(2, "0")).join("");
const join = (...list) => { const out = new Uint8Array(list.reduce((n, b) => n + b.length, 0)); let at = 0; for (const b of list) { out.set(b, at); at += b.length; } return out; };
const same = (a, b) => a.length === b.length && a.every((x, i) => x === b[i]);
const sha256 = async b => new Uint8Array(await crypto.subtle.digest("SHA-256", b));
const leafHash = b => sha256(join(Uint8Array.of(0), b));
const parent = (a, b) => sha256(join(Uint8Array.of(1), a, b));
class Wrong extends Error {}
const must = (ok, what) => { if (!ok) throw new Wrong(what); };

// Ed25519 for browsers that lack it: RFC 8032, checked as Go does, without cofactor.
const P = 2n ** 255n - 19n, L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a, m = P) => { const r = a % m; return r < 0n ? r + m : r; };
const power = (b, e) => { let r = 1n; for (b = mod(b); e > 0n; e >>= 1n) { if (e & 1n) r = mod(r * b); b = mod(b * b); } return r; };
const invert = a => power(a, P - 2n);
const D = mod(-121665n * invert(121666n)), I = power(2n, (P - 1n) / 4n);
const add = ([x1, y1, z1, t1], [x2, y2, z2, t2]) => {
	const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2)), c = mod(2n * t1 * D * t2), d = mod(2n * z1 * z2);
	const e = b - a, f = d - c, g = d + c, h = b + a;
	return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
};
const times = (p, n) => { let r = [0n, 1n, 1n, 0n]; for (; n > 0n; n >>= 1n) { if (n & 1n) r = add(r, p); p = add(p, p); } return r; };
const little = b => { let n = 0n; for (let i = b.length - 1; i >= 0; i--) n = n << 8n | BigInt(b[i]); return n; };
const point = b => {
	const copy = b.slice(), sign = copy[31] >> 7; copy[31] &= 127;
	const y = little(copy); if (y >= P) return null;
	const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
	let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));
	if (mod(v * x * x) !== u) { if (mod(v * x * x) !== mod(-u)) return null; x = mod(x * I); }
	if (x === 0n && sign) return null;
	if (Number(x & 1n) !== sign) x = P - x;
	return [x, y, 1n, mod(x * y)];
};
const BASE = point(join(Uint8Array.of(0x58), new Uint8Array(31).fill(0x66)));
const slow = async (key, signature, message) => {
	const a = point(key), r = point(signature.slice(0, 32)), s = little(signature.slice(32));
	if (!a || !r || s >= L) return false;
	const k = mod(little(new Uint8Array(await crypto.subtle.digest("SHA-512", join(signature.slice(0, 32), key, message)))), L);
	const [x1, y1, z1] = times(BASE, s), [x2, y2, z2] = add(r, times(a, k));
	return mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n;
};
let native = null;
const ed25519 = async (key, signature, message) => {
	try {
		const k = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
		native = true;
		return await crypto.subtle.verify({ name: "Ed25519" }, k, signature, message);
	} catch { native = false; return slow(key, signature, message); }
};

// What an entry says, from its canonical bytes.
class Cut {
	constructor(b) { this.b = b; this.at = 0; }
	byte() { must(this.at < this.b.length, "an entry is cut short"); return this.b[this.at++]; }
	uvarint() { let n = 0n; for (let i = 0n; ; i += 7n) { const x = this.byte(); n |= BigInt(x & 127) << i; if (x < 128) return n; must(i < 63n, "a number is too long"); } }
	svarint() { const u = this.uvarint(); return u & 1n ? -(u >> 1n) - 1n : u >> 1n; }
	take(n) { must(BigInt(this.b.length - this.at) >= BigInt(n), "an entry is cut short"); this.at += Number(n); return this.b.subarray(this.at - Number(n), this.at); }
	bytes() { return this.take(this.uvarint()); }
}
// What stands between quotes and dollars comes from the program.
const evidenceFormat = "$FORMAT$", leafVersion = Number("$LEAF$"), wellKnown = "$NAMES$".split(" ");
const decode = leaf => {
	const c = new Cut(leaf.subarray(16)), e = { fields: [] };
	must(c.byte() === leafVersion, "an entry has a format that this page does not know");
	e.kind = c.byte(); c.uvarint();
	e.received = c.svarint();
	const flag = c.byte();
	if (flag > 0) {
		e.event = { digits: flag - 1, micros: c.svarint(), nanos: 0n };
		if (flag > 7) e.event.nanos = c.uvarint();
		e.event.zone = text.decode(c.bytes());
	}
	c.uvarint(); c.bytes();
	e.fields = fieldsOf(c);
	must(c.at === c.b.length, "an entry has bytes too many");
	return e;
};
const fieldsOf = c => {
	const fields = [];
	for (let n = c.uvarint(); n > 0n; n--) {
		const tag = c.byte(), f = { form: tag >> 2 & 3, by: tag & 3 }, number = tag < 240 ? tag >> 4 : 15 + c.byte();
		must(number <= wellKnown.length, "an entry has a name that this page does not know");
		f.name = number > 0 ? wellKnown[number - 1] : text.decode(c.bytes());
		f.value = f.form === 0 ? c.bytes() : c.take(32);
		if (f.form > 1) f.size = c.uvarint();
		fields.push(f);
	}
	return fields;
};
// unpack appends the fields of a disclosed list: their positions follow those of the leaf.
const unpack = (e, told) => {
	const i = e.fields.findIndex((f, i) => f.form === 3 && told[i] && !told[i].erased);
	if (i >= 0) e.fields = e.fields.concat(fieldsOf(new Cut(told[i].value)));
	return e;
};
// kept checks that a disclosed value has the digest that the entry holds.
const kept = async (f, d, where) => {
	must(f && f.form > 0, where + ": a value is disclosed of a field that there is not");
	if (d.erased) return must(f.form === 1, where + ": a value is said to be erased that was not private");
	const name = utf8.encode(f.name), n = name.length < 128 ? [name.length] : [name.length & 127 | 128, name.length >> 7];
	const label = f.form === 1 ? join(utf8.encode("constat private field v0\n"), d.salt, Uint8Array.from(n), name) : join(utf8.encode("constat blob v0\n"), d.salt);
	must(same(await sha256(join(label, d.value)), f.value), where + ": a disclosed value is not the one that was kept");
};
const civil = micros => { // YYYY-MM-DDThh:mm:ss and the µs, of any year: the calendar repeats after 146097 days
	const split = (n, m) => { const r = (n % m + m) % m; return [(n - r) / m, r]; };
	const [s, u] = split(micros, 1000000n), [cycles, rest] = split(s, 146097n * 86400n);
	const text = new Date(Number(rest) * 1000).toISOString(), year = Number(text.slice(0, 4)) + 400 * Number(cycles);
	return [(year < 0 ? "-" : "") + String(Math.abs(year)).padStart(4, "0") + text.slice(4, 19), u];
};
const receivedText = micros => { const [s, u] = civil(micros); return s.replace("T", " ") + "." + String(u).padStart(6, "0"); };
const eventText = t => {
	let offset = null, m;
	if (t.zone === "Z" || t.zone === "z") offset = 0;
	else if ((m = /^([+-])(\d\d):?(\d\d)?$/.exec(t.zone)) && !(t.zone.includes(":") && m[3] === undefined) && +m[2] < 24 && +(m[3] || 0) < 60)
		offset = (m[1] === "-" ? -1 : 1) * (+m[2] * 3600 + +(m[3] || 0) * 60);
	const [s, u] = civil(t.micros + BigInt(offset || 0) * 1000000n);
	const fraction = (String(u).padStart(6, "0") + String(t.nanos).padStart(3, "0")).slice(0, t.digits);
	return s + (t.digits ? "." + fraction : "") + (offset === null ? "" : t.zone);
};
const MAX = 400;
const plain = s => Array.from(s, c => { const r = c.codePointAt(0); return r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 ? "\\u{" + r.toString(16) + "}" : c; }).join("");
const more = n => "… (" + n + " bytes, whole in entries.jsonl)";
const valueText = b => {
	let s;
	try { s = Array.from(text.decode(b)); } catch { return "0x" + (b.length > MAX / 2 ? hex(b.subarray(0, MAX / 2)) + more(b.length) : hex(b)); }
	return s.length > MAX ? plain(s.slice(0, MAX).join("")) + more(b.length) : plain(s.join(""));
};
const roles = {
	message: ["MESSAGE", "_msg", "msg", "message"],
	host: ["HOSTNAME", "_HOSTNAME", "host", "hostname", "host.name"],
	app: ["SYSLOG_IDENTIFIER", "_COMM", "app", "service", "service.name", "logger"],
};
const rowOf = (e, journal, index, told) => {
	const fieldText = i => {
		const f = e.fields[i], d = told[i];
		if (f.form === 0) return valueText(f.value);
		if (!d) return f.form === 1 ? "[private: withheld]" : "[" + f.size + " bytes: withheld]";
		return d.erased ? "[private: erased]" : valueText(d.value);
	};
	const role = r => { for (const name of roles[r]) { const i = e.fields.findIndex(f => f.name === name); if (i >= 0) return fieldText(i); } return ""; };
	const message = role("message"), parts = message === "" ? [] : [message];
	e.fields.forEach((f, i) => { if (f.form === 3 && told[i]) return; if (f.form === 1 || message === "") parts.push(plain(f.name) + "=" + fieldText(i)); });
	return [journal + " " + index, receivedText(e.received), e.event ? eventText(e.event).replace("T", " ") : "", role("host"), role("app"), parts.join(" · ")];
};

// The tree: leaves that are shown, hashes of the largest subtrees that hold none.
const fold = async (size, cuts, shown, leafAt, nextHash) => {
	const peaks = [], roots = new Map([["0", await sha256(new Uint8Array(0))]]);
	const root = async () => { let h = peaks[peaks.length - 1].hash; for (let i = peaks.length - 2; i >= 0; i--) h = await parent(peaks[i].hash, h); return h; };
	const wanted = new Set([...cuts.map(String), String(size)]);
	for (let at = 0n; at < size;) {
		let level = 0n, hash;
		const run = shown.find(r => r[0] <= at && at < r[1]);
		if (run) hash = await leafHash(leafAt(at));
		else {
			let end = size;
			for (const c of cuts) if (c > at && c < end) end = c;
			for (const r of shown) if (r[0] > at && r[0] < end) end = r[0];
			while (at % (2n << level) === 0n && at + (2n << level) <= end) level++;
			hash = nextHash();
		}
		let n = at >> level;
		at += 1n << level;
		while (peaks.length && peaks[peaks.length - 1].level === level && n & 1n) { hash = await parent(peaks.pop().hash, hash); level++; n >>= 1n; }
		peaks.push({ level, hash });
		if (wanted.has(String(at))) roots.set(String(at), await root());
	}
	return roots;
};

const carried = id => { const c = JSON.parse($(id).textContent), files = new Map(); for (const f of c.files) files.set(f.name, bytes64(f.data)); return [files, c.rows]; };
const bundle = b => { const out = []; for (let i = 0; i < b.length;) { const n = b[i] << 8 | b[i + 1]; must(i + 2 + n <= b.length && n >= 16, "leaves are cut short"); out.push(b.subarray(i + 2, i + 2 + n)); i += 2 + n; } return out; };
const big = list => (list || []).map(([first, n]) => [BigInt(first), BigInt(first) + BigInt(n)]);

const seenByOthers = /^(?:witnessed|anchors)\/(.+)-(\d+)$/; // checkpoints that others have signed or stamped
const good = [], open = [], seen = [];
const verify = async () => {
	must(globalThis.crypto && crypto.subtle, "this browser gives pages no SHA-256; open it as a file, or check with constat");
	must($("proof").textContent !== "", "the page carries no proof");
	const [data, rows] = carried("data"), [proof, rows2] = carried("proof");
	const json = (files, name) => { must(files.has(name), name + " is missing"); return JSON.parse(text.decode(files.get(name))); };
	const q = json(data, "question.json"), p = json(proof, "proof.json");
	must(q.format === evidenceFormat && p.format === q.format && rows === rows2, "the format is not one that this page knows");

	const certificate = data.get("seals/certificate-0"), lines = text.decode(certificate).split("\n");
	const codeBits = Array.from(await sha256(certificate), b => b.toString(2).padStart(8, "0")).join("") + "0000";
	const code = codeBits.match(/.{5}/g).map(b => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(b, 2)]).join("");
	must($("code").textContent.replaceAll(" ", "") === code && q.code === code, "the code shown is not that of certificate 0");
	must(lines[2] === "origin " + q.origin && $("origin").textContent === q.origin, "the origin shown is not that of certificate 0");
	must($("question").textContent === q.question, "the question shown is another");
	const identity = bytes64(lines[3].slice("identity ".length));
	const seals = [], newer = [];
	for (const [name, b] of proof) {
		if (name.startsWith("seals/seal-")) seals.push(JSON.parse(text.decode(b)));
		if (name.startsWith("seals/certificate-")) newer.push(text.decode(b).split("\n"));
	}

	const leaves = bundle(data.get("leaves.bin")), support = bundle(proof.get("support.bin")), withheld = proof.get("withheld.bin");
	let leafN = 0, supportN = 0, hashN = 0, left = rows, shownCount = 0n, windowCount = 0n;
	const values = [], proving = new Map(); // supporting entries of system by index
	const table = Array.from($("entries").tBodies[0].rows), told = disclosures(data.get("disclosed.bin"), q, big((q.journals || []).flatMap(a => a.shown || [])).reduce((n, r) => n + r[1] - r[0], 0n) === BigInt(rows));
	let row = 0;
	for (const j of p.journals) {
		const a = (q.journals || []).find(x => x.name === j.name) || { from: 0, to: 0, shown: [] };
		const all = big(a.shown), mine = [];
		for (const [first, end] of all) { const n = BigInt(Math.min(left, Number(end - first))); if (n > 0n) mine.push([first, first + n]); left -= Number(n); shownCount += end - first; }
		windowCount += BigInt(a.to) - BigInt(a.from);
		const cuts = [BigInt(a.from), BigInt(a.to)];
		for (const s of seals) for (const x of s.journals) if (x.name === j.name) cuts.push(BigInt(x.size));
		for (const name of proof.keys()) { const m = seenByOthers.exec(name); if (m && m[1] === j.name) cuts.push(BigInt(m[2])); }
		const size = BigInt(j.size), isMine = at => mine.some(r => r[0] <= at && at < r[1]);
		const leafAt = at => {
			if (!isMine(at)) { must(supportN < support.length, "too few supporting entries"); proving.set(at, support[supportN]); return support[supportN++]; }
			must(leafN < leaves.length, "too few entries");
			const leaf = leaves[leafN++];
			const of = told.get(j.name + " " + at) || {}, e = unpack(decode(leaf), of);
			seen.push([j.name, at, e]);
			const want = rowOf(e, j.name, at, of), cells = table[row] ? Array.from(table[row].cells) : [];
			want.forEach((t, i) => { if (!cells[i] || cells[i].textContent !== t) { if (cells[i]) cells[i].classList.add("differs"); throw new Wrong("entry " + j.name + " " + at + ": the table does not say what the entry says"); } });
			for (const i in of) values.push([e.fields[i], of[i], "entry " + j.name + " " + at]);
			row++;
			return leaf;
		};
		const nextHash = () => { must(hashN + 32 <= withheld.length, "too few hashes"); hashN += 32; return withheld.subarray(hashN - 32, hashN); };
		const shown = mine.concat(big(j.support)).sort((x, y) => x[0] < y[0] ? -1 : 1);
		const roots = await fold(size, cuts.filter(c => c > 0n && c < size), shown, leafAt, nextHash);
		const note = text.decode(proof.get("checkpoint/" + j.name)), [origin, noteSize, noteRoot] = note.split("\n");
		must(origin === j.origin && (origin + ".").startsWith(q.origin + "/" + j.name + ".") && noteSize === String(size), "journal " + j.name + ": the checkpoint is about something else");
		must(size === 0n || to64(roots.get(String(size))) === noteRoot, "journal " + j.name + ": the entries do not lead to the signed root");
		await signed(note, origin, identity, newer, j.name);
		for (const s of seals) for (const x of s.journals) if (x.name === j.name)
			must(x.size > Number(size) || to64(roots.get(String(x.size))) === x.root, "journal " + j.name + ": the entries do not lead to the sealed root");
		for (const [name, b] of proof) {
			const m = seenByOthers.exec(name);
			if (!m || m[1] !== j.name) continue;
			const seen = text.decode(b), [origin, n, root] = seen.split("\n");
			must(origin === j.origin && n === m[2] && roots.has(n) && to64(roots.get(n)) === root, name + ": the entries do not lead to the root that others saw");
			await signed(seen, origin, identity, newer, j.name);
		}
	}
	must(leafN === leaves.length && supportN === support.length && hashN === withheld.length && row === Math.max(rows, 0), "entries or hashes too many");
	must(row === table.length || row === 0, "the table has rows that no entry stands for");
	must($("shown").textContent === String(shownCount) && $("withheld").textContent === String(windowCount - shownCount) && $("missing").textContent === "0", "the counts shown are others");
	for (const [f, d, where] of values) await kept(f, d, where);
	good.push(row + " of " + shownCount + " entries on this page are what the signed journal holds, word for word" + (BigInt(row) < shownCount ? "; the others are not on the page" : ""));
	good.push(windowCount + " entries exist in the window: " + shownCount + " shown, " + (windowCount - shownCount) + " withheld, 0 missing");
	await sealed(seals, lines, newer);
	witnesses(proof, seals, proving, q.journals || []);
	if (native === false) open.push("this browser lacks Ed25519; the page’s own was used");
};

// signed checks the signature of the identity on a checkpoint.
const signed = async (note, origin, identity, newer, journal) => {
	const [body, lines] = [note.slice(0, note.indexOf("\n\n") + 1), note.slice(note.indexOf("\n\n") + 2).split("\n")];
	const keys = [identity, ...newer.map(l => bytes64(l[3].slice("identity ".length)))];
	for (const key of keys) {
		const id = (await sha256(join(utf8.encode(origin + "\n"), Uint8Array.of(1), key))).subarray(0, 4);
		for (const line of lines) {
			if (!line.startsWith("— " + origin + " ")) continue;
			const b = bytes64(line.slice(("— " + origin + " ").length));
			if (same(b.subarray(0, 4), id) && await ed25519(key, b.slice(4), utf8.encode(body))) return;
		}
	}
	throw new Wrong("journal " + journal + ": the checkpoint is not signed by the identity of the store");
};

// sealed checks the seals of generation 0; those of later ones are left to the program.
const sealed = async (seals, lines, newer) => {
	let checked = 0;
	for (const s of seals) {
		const b = bytes64(s.statement), v = new DataView(b.buffer), generation = v.getUint32(3, true), counter = v.getBigUint64(7, true);
		if (generation > 0) { open.push("seal " + counter + " belongs to a later generation of keys: check it with constat"); continue; }
		const k = bytes64(s.key), key = k.slice(0, 32), path = k.subarray(97);
		let h = await leafHash(join(utf8.encode("constat seal key v0\n"), key));
		for (let i = 0n; i < BigInt(k[96]); i++) { const x = path.slice(Number(i) * 32, Number(i) * 32 + 32); h = counter >> i & 1n ? await parent(x, h) : await parent(h, x); }
		must("key-root " + to64(h) === lines[7], "seal " + counter + " is not made with a key of this store");
		must(await ed25519(key, k.slice(32, 96), join(utf8.encode("constat seal v0\n"), b)), "seal " + counter + " has a wrong signature");
		for (const x of s.journals) {
			const le = new Uint8Array(8); new DataView(le.buffer).setBigUint64(0, BigInt(x.size), true);
			const id = Uint8Array.from(x.id.match(/../g), y => parseInt(y, 16)), name = utf8.encode(x.name);
			let r = await leafHash(join(utf8.encode("constat sealed journal v0\n"), Uint8Array.of(name.length), name, id, le, bytes64(x.root)));
			let fn = x.number, sn = v.getUint32(55, true) - 1; // RFC 9162, section 2.1.3.2
			for (const p of x.proof.map(bytes64)) {
				must(sn > 0, "seal " + counter + ": a proof is too long");
				if (fn & 1 || fn === sn) { r = await parent(p, r); while (!(fn & 1) && fn) { fn >>= 1; sn >>= 1; } } else r = await parent(r, p);
				fn >>= 1; sn >>= 1;
			}
			must(sn === 0 && same(r, b.subarray(59, 91)), "seal " + counter + " does not list journal " + x.name);
		}
		checked++;
	}
	if (checked) good.push(checked + " seals are made with one-time keys of this store");
	else if (!seals.length) open.push("no seal covers the window");
};

// cosignatures lists the lines of a note that have the form of cosignatures, with their times.
const cosignatures = note => {
	const out = [], origin = note.slice(0, note.indexOf("\n"));
	for (const line of note.slice(note.indexOf("\n\n") + 2).split("\n")) {
		const m = /^— (\S+) (\S+)$/.exec(line), c = m && m[1] !== origin ? bytes64(m[2]) : [];
		if (c.length !== 76) continue;
		const seconds = new DataView(c.buffer).getBigUint64(4);
		out.push([m[1], seconds < 253402300800n ? civil(seconds * 1000000n)[0] + "Z" : "no time"]);
	}
	return out;
};
// observed is the value of a field that the store itself vouches for.
const observed = (e, name) => { const f = e.fields.find(f => f.name === name && f.by === 1 && f.form === 0); return f ? f.value : new Uint8Array(0); };

// witnesses lists who is said to have cosigned what. A checkpoint of system covers the seals whose entries it covers, and these
// state sizes and roots of the other journals. What is cosigned in an entry before what is shown bounds it from below.
const witnesses = (proof, seals, proving, journals) => {
	const after = [], before = [];
	for (const [name, b] of proof) if (name.startsWith("witnessed/") || name.startsWith("checkpoint/")) {
		const note = text.decode(b), [origin, size] = note.split("\n"), through = [];
		if (/^(witnessed|checkpoint)\/system(-|$)/.test(name)) for (const s of seals) for (const x of s.journals) if (x.name === "system" && x.size < Number(size) && proving.has(BigInt(x.size))) {
			const statement = bytes64(s.statement), e = decode(proving.get(BigInt(x.size)));
			must(e.kind === 2 && same(observed(e, "SEAL").subarray(0, statement.length), statement), "entry " + x.size + " of journal system is not the seal that it should be");
			through.push(...s.journals.filter(y => y.name !== "system").map(y => y.name + " up to entry " + y.size));
		}
		for (const [who, time] of cosignatures(note)) after.push(who + ": " + size + " entries of " + origin + " by " + time + (through.length ? ", and with its seals " + [...new Set(through)].join(", ") : ""));
	}
	const stamps = [...proof.keys()].filter(name => name.startsWith("anchors/") && name.endsWith(".tsr"));
	let limit = Infinity;
	for (const a of journals) if (a.shown && a.shown.length) {
		const first = a.shown[0][0], size = (s, name) => { const x = s.journals.find(x => x.name === name); return x ? x.size : -1; };
		limit = Math.min(limit, a.name === "system" ? first : Math.max(0, ...seals.filter(s => size(s, a.name) >= 0 && size(s, a.name) <= first).map(s => size(s, "system"))));
	}
	for (const [at, leaf] of proving) {
		const e = decode(leaf);
		if (at < limit && limit < Infinity && e.kind === 3 && text.decode(observed(e, "CONTROL")) === "witnessed")
			for (const [who, time] of cosignatures(text.decode(observed(e, "CHECKPOINT")))) before.push(who + " at " + time + " in entry " + at);
	}
	$("witnesses").textContent = (after.length ? "Witnesses have cosigned checkpoints of this journal, says what came with it (this page knows no keys of witnesses and does not check that): " + after.join("; ") + "." : "No witness has signed what came with this page.") +
		(before.length ? " Before what is shown, the journal holds cosignatures, unchecked as well: " + before.join("; ") + ". What is shown was put into the journal after these." : "") +
		(stamps.length ? " Time stamps came with it, which this page does not check: " + stamps.join(", ") + "; constat verify says how." : "");
};

// disclosures reads what is disclosed of fields, by entry.
const disclosures = (b, q, whole) => {
	const c = new Cut(b), out = new Map();
	let erased = 0;
	while (c.at < b.length) {
		const key = q.journals[Number(c.uvarint())].name + " " + c.uvarint(), field = Number(c.uvarint()), d = {};
		if (c.byte() === 1) { d.erased = true; c.uvarint(); erased++; } else { d.salt = c.take(16); d.value = c.bytes(); }
		out.set(key, { ...out.get(key), [field]: d });
	}
	must(whole ? $("erased").textContent === String(erased) : +$("erased").textContent >= erased, "the number of erased values shown is another");
	return out;
};

const box = $("verdict"), title = document.createElement("strong"), list = document.createElement("ul");
const say = (kind, head, items) => {
	box.className = "verdict " + kind;
	title.textContent = head;
	list.replaceChildren(...items.map(t => Object.assign(document.createElement("li"), { textContent: t })));
	box.replaceChildren(title, list);
	if (typeof session !== "undefined") session.tell(kind, items);
};
try {
	await verify();
	if (typeof session !== "undefined") good.push(...session.check(seen, { must, plain, valueText, civil })); // the page of a session
	say("good", "This page agrees with the signed journal it carries", [...good, ...open.map(t => "Not checked: " + t), "Compare the code with a copy that you trust. What counts is the check with constat verify: this page cannot vouch for itself."]);
} catch (e) {
	say("bad", "This page does not agree with the signed journal: do not rely on it", [e instanceof Wrong ? e.message : "It cannot be read: " + e.message]);
}
document.documentElement.dataset.checked = box.className.replace("verdict ", "");
})();
