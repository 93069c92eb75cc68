"use strict";
// Compares what the page says of a session with the entries that it carries, after the other script has checked these
// against the signed journal: every line of every file, the digests, and that nothing is called good that is not.
const session = {
	text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }),
	// check is called with the entries [journal, index, entry] and the tools of the other script.
	check(seen, { must, plain, valueText, civil }) {
		const lines = new Map(Array.from(document.querySelectorAll("[data-entry]"), x => [x.dataset.entry, x]));
		must(lines.size === document.querySelectorAll("[data-entry]").length, "the page speaks twice of one entry");
		const files = new Map(), engines = new Set(), heads = { engines: new Set(), media: new Set(), writers: new Set() };
		let told = 0;
		for (const [journal, index, e] of seen) {
			const get = name => { const f = e.fields.find(x => x.name === name && x.form === 0); return f ? session.text.decode(f.value) : ""; };
			const raw = e.fields.find(x => x.name === "file.path"), key = journal + " " + index, line = lines.get(key);
			if (!line) continue; // no event, or not a valid one: the result then is not good, see below
			told++;
			const at = civil(e.event ? e.event.micros : e.received)[0].replace("T", " ") + " UTC";
			if (get("engine.name")) engines.add(get("engine.name"));
			session.heads(heads, get, n => { const f = e.fields.find(x => x.name === n && x.form === 0); return f ? valueText(f.value) : ""; }, plain);
			session.wanted(get, at, plain).forEach((want, i) => {
				const x = line.querySelector(i ? ".fr" : ".en");
				if (!x || x.textContent !== want) line.classList.add("differs");
				must(x && x.textContent === want, "entry " + key + ": the line does not say what the entry says");
			});
			if (!raw) continue;
			const row = line.closest("tr"), path = valueText(raw.value);
			must(row && row.querySelector(".name").textContent === path, "entry " + key + " is about another file");
			const f = files.get(row) || { row, scans: [] };
			files.set(row, f);
			session.step(f, get);
		}
		must(told === lines.size, "the page has lines that no entry stands for");
		const rows = document.querySelectorAll("#files tbody tr");
		must(files.size === rows.length, "the page lists files that no entry speaks of");
		const good = document.getElementById("result").classList.contains("good");
		const n = { clean: 0, infected: 0, other: 0, delivered: 0 };
		must(!good || told === seen.length, "the result is called good although an entry is not told of");
		if (document.getElementById("shown").textContent !== String(seen.length)) return ["the page lists a part of the session; every line that it lists is what an entry says"];
		for (const f of files.values()) session.judge(f, engines, good, n, must);
		session.headline([rows.length, n.clean, n.infected, n.other, n.delivered], good, must);
		for (const id of ["engines", "media", "writers"]) {
			const lines = Array.from(document.querySelectorAll("#" + id + " > .line"), x => id === "media" ? x.querySelector(".en").textContent + "\n" + x.querySelector(".fr").textContent : x.textContent);
			must(JSON.stringify(lines) === JSON.stringify([...heads[id]]), "the " + id + " shown are not those of the entries");
		}
		return ["what the page says of each file is what the entries say, word for word"];
	},
	// heads notes medium, engine and writer of an event.
	heads(heads, get, shown, plain) {
		const name = get("engine.name"), base = [plain(get("engine.signatures")), get("engine.signatures_date")].filter(x => x).join(", ");
		if (name) heads.engines.add(plain(name) + " " + plain(get("engine.version")) + (base ? " (" + base + ")" : ""));
		const id = get("medium.id"), label = plain(get("medium.label")), serial = plain(get("medium.serial")), role = get("medium.role");
		const text = plain(id) + (label ? " “" + label + "”" : "") + (serial ? " [" + serial + "]" : "");
		if (id) heads.media.add(role === "source" ? "source: " + text + "\nsupport d’origine : " + text : "destination: " + text + "\nsupport de destination : " + text);
		if (shown("_UID")) heads.writers.add("uid " + shown("_UID") + ", " + shown("_EXE"));
	},
	// wanted is what a line must say, in English and French.
	wanted(get, at, plain) {
		const why = plain(get("reason")), op = get("op"), result = get("result"), size = get("file.size"), station = get("station");
		const base = get("engine.signatures"), engine = plain(get("engine.name")) + " " + plain(get("engine.version")) + (base ? " (" + plain(base) + ")" : ""), threat = plain(get("threat")), medium = plain(get("medium.id"));
		switch (op) {
		case "session.opened": return station ? ["begun " + at + ", station " + plain(station), "commencée le " + at + ", station " + plain(station)] : ["begun " + at, "commencée le " + at];
		case "session.closed": return result === "aborted" ? ["aborted " + at + ": " + why, "interrompue le " + at + " : " + why] : ["ended " + at, "terminée le " + at];
		case "file.scanned": return {
			clean: [engine + ": clean, " + at, engine + " : sain, " + at],
			infected: [engine + ": infected, " + threat + ", " + at, engine + " : infecté, " + threat + ", " + at],
			skipped: [engine + ": passed over: " + why, engine + " : laissé de côté : " + why],
			error: [engine + ": could not scan: " + why, engine + " : n’a pas pu analyser : " + why],
		}[result];
		case "file.deleted": return result === "ok" ? ["removed " + at + " from " + medium, "supprimé le " + at + " de " + medium] : ["not removed: " + why, "non supprimé : " + why];
		case "file.read": return {
			ok: ["read " + at + ", " + size + " bytes", "lu le " + at + ", " + size + " octets"],
			error: ["could not be read: " + why, "n’a pas pu être lu : " + why],
			skipped: ["not read: " + why, "non lu : " + why],
		}[result];
		}
		return result === "ok" ? ["delivered " + at + " and compared, " + size + " bytes", "remis le " + at + ", relu et comparé, " + size + " octets"] : ["not delivered: " + why, "non remis : " + why];
	},
	// step notes what an event says of its file.
	step(f, get) {
		const op = get("op"), result = get("result"), sha = get("file.sha256");
		if (op === "file.read" && result === "ok" && !f.sha) f.sha = sha;
		if (op === "file.scanned") f.scans.push({ engine: get("engine.name"), result, sha });
		if (op === "file.copied") f.sent = result === "ok" ? sha : "";
		if (op === "file.deleted" && result === "ok" && get("medium.role") === "destination") f.sent = "";
	},
	// judge wants no file to be called good that is not.
	judge(f, engines, good, n, must) {
		const path = f.row.querySelector(".name").textContent, sha = f.sha || "", mine = f.scans.filter(s => sha && s.sha === sha || s.sha === "");
		must(f.row.querySelector(".sha").textContent === sha, path + ": the digest shown is not that of what was read");
		const verdict = mine.some(s => s.result === "infected") ? "infected" : mine.length && mine.every(s => s.result === "clean") ? "clean" : "other";
		const clean = [...engines].every(e => mine.some(s => s.engine === e && s.result === "clean")) && verdict === "clean";
		n[verdict]++;
		if (f.sent && f.sent === sha || f.sent && !sha) n.delivered++;
		if (f.row.className === "ok") must(f.sent === sha && sha !== "" && clean, path + " is called good, and the entries do not say so");
		if (good) must(f.row.className !== "bad" && (f.sent ? f.row.className === "ok" : verdict !== "clean" || f.row.querySelector("[data-entry]") !== null), path + ": the result is called good, and the entries do not say so");
	},
	// headline wants the result in the words that follow from the numbers, in both languages.
	headline([files, clean, infected, other, delivered], good, must) {
		const wrong = document.querySelectorAll("#result li.en").length, some = (n, one, many) => n + " " + (n === 1 ? one : many), french = (n, one, many) => n + " " + (n < 2 ? one : many);
		const en = some(files, "file", "files") + ": " + clean + " clean, " + infected + " infected, " + other + " without a verdict; " + delivered + " delivered." +
			(good ? " What was delivered is what was read and scanned; nothing is missing and nothing differs." : " The chain has " + some(wrong, "discrepancy", "discrepancies") + ": do not rely on these files.");
		const fr = french(files, "fichier", "fichiers") + " : " + french(clean, "sain", "sains") + ", " + french(infected, "infecté", "infectés") + ", " + other + " sans verdict ; " + french(delivered, "remis", "remis") + "." +
			(good ? " Ce qui a été remis est ce qui a été lu et analysé ; rien ne manque et rien ne diffère." : " La chaîne présente " + french(wrong, "écart", "écarts") + " : ne vous fiez pas à ces fichiers.");
		const said = Array.from(document.querySelectorAll("#result > strong"), x => x.textContent);
		must(JSON.stringify(said) === JSON.stringify([fr, en]), "the result shown does not follow from the entries");
	},
	// tell says in both languages what came of the check.
	tell(kind, items) {
		const fill = (id, head, list) => {
			const title = document.createElement("strong"), ul = document.createElement("ul");
			title.textContent = head;
			ul.append(...list.map(t => Object.assign(document.createElement("li"), { textContent: t })));
			document.getElementById(id).replaceChildren(title, ul);
		};
		document.getElementById("said").className = "verdict " + kind;
		if (kind === "good") {
			const left = items.filter(t => t.startsWith("Not checked: ") || t.startsWith("the page lists a part"));
			fill("said-fr", "Cette page concorde avec le journal signé qu’elle contient", ["Chaque ligne est celle d’une entrée du journal signé de la station ; vérifié à l’instant, sans réseau.", "Comparez le code à une copie sûre. Ce qui compte est la vérification par constat verify : cette page ne peut se porter garante d’elle-même.", ...left]);
			fill("said-en", "This page agrees with the signed journal it carries", ["Every line is that of an entry of the signed journal of the station; checked just now, without a network.", "Compare the code with a copy that you trust. What counts is the check with constat verify: this page cannot vouch for itself.", ...left]);
		} else {
			fill("said-fr", "Cette page ne concorde pas avec le journal signé : ne vous y fiez pas", items);
			fill("said-en", "This page does not agree with the signed journal: do not rely on it", items);
		}
	},
};
