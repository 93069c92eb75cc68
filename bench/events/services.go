package events

import "strings"

// service is a program that logs. Its texts have slots by their names in braces.
type service struct {
	name     string
	facility int
	weight   int // how often it begins to speak, of all weights
	burst    int // the most events that it says in one go
	lives    int // bursts after which a process is followed by another, in the mean; 1: no process number
	lines    []line
	texts    []*template // of lines, taken apart
}

// line is one kind of message, the usual ones first.
type line struct {
	level int
	text  string
}

// template is a line taken apart.
type template struct {
	level  int
	pieces []piece
}

// piece is a literal and the slot behind it.
type piece struct {
	literal string
	slot    slot
}

// compile returns a copy of the service with its lines taken apart.
func (s service) compile() *service {
	for _, l := range s.lines {
		s.texts = append(s.texts, &template{l.level, takeApart(l.text)})
	}
	return &s
}

func takeApart(text string) (list []piece) {
	for text != "" {
		literal, rest, _ := strings.Cut(text, "{")
		name, rest, _ := strings.Cut(rest, "}")
		list = append(list, piece{literal, slotNames[name]})
		text = rest
	}
	return list
}

var levels = []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}

var roles = []string{"web", "db", "mail", "app", "edge", "node"}

// services is the table of all programs.
var services = []service{
	{"sshd", 10, 14, 10, 3, []line{
		{6, `Failed password for invalid user {user} from {ip} port {port} ssh2`},
		{6, `Connection closed by authenticating user {user} {ip} port {port} [preauth]`},
		{6, `Invalid user {user} from {ip} port {port}`},
		{6, `Accepted publickey for {user} from {ip} port {port} ssh2: ED25519 SHA256:{hex16}{hex16}`},
		{6, `pam_unix(sshd:session): session opened for user {user}(uid={small}) by (uid=0)`},
		{6, `Received disconnect from {ip} port {port}:11: disconnected by user`},
		{3, `error: maximum authentication attempts exceeded for {user} from {ip} port {port} ssh2 [preauth]`},
	}, nil},
	{"nginx", 16, 22, 24, 400, []line{
		{6, `{ip} - - "GET {path} HTTP/1.1" 200 {num} "-" "Mozilla/5.0" rt={ms}`},
		{6, `{ip} - - "GET /static{file} HTTP/2.0" 304 0 "https://{domain}/" "Mozilla/5.0" rt=0.0`},
		{6, `{ip} - {user} "POST {path} HTTP/1.1" 201 {num} "-" "okhttp/4.9" rt={ms} id={uuid}`},
		{6, `{ip} - - "GET {path} HTTP/1.1" 404 153 "-" "curl/8.5.0" rt={ms}`},
		{4, `*{num} upstream response is buffered to a temporary file /var/cache/nginx/{small}/{num}, client: {ip}`},
		{3, `*{num} connect() failed (111: Connection refused) while connecting to upstream, client: {ip}, upstream: "http://{host}:8080{path}"`},
	}, nil},
	{"kernel", 0, 8, 12, 1, []line{
		{4, `[UFW BLOCK] IN=eth0 OUT= MAC={mac} SRC={ip} DST={ip} LEN={small} TTL=64 ID={num} PROTO=TCP SPT={port} DPT={small} SYN`},
		{6, `eth{small}: link up, 10000 Mbps, full duplex`},
		{6, `EXT4-fs (dm-{small}): mounted filesystem {uuid} r/w with ordered data mode`},
		{3, `blk_update_request: I/O error, dev sd{small}, sector {num} op 0x0:(READ) flags 0x{hex8}`},
		{3, `Out of memory: Killed process {num} ({user}) total-vm:{num}kB, anon-rss:{num}kB`},
		{4, `TCP: request_sock_TCP: Possible SYN flooding on port {port}. Sending cookies.`},
	}, nil},
	{"CRON", 9, 6, 3, 1 << 1, []line{
		{6, `({user}) CMD (test -x {file} && run-parts /etc/cron.hourly)`},
		{6, `({user}) CMD ({file} --quiet >/dev/null 2>&1)`},
		{6, `pam_unix(cron:session): session closed for user {user}`},
	}, nil},
	{"systemd", 3, 8, 6, 4000, []line{
		{6, `Started {unit}.`},
		{6, `{unit}: Deactivated successfully.`},
		{6, `{unit}: Consumed {ms}s CPU time, {num}K memory peak.`},
		{6, `Created slice user-{small}.slice - User Slice of UID {small}.`},
		{4, `{unit}: Main process exited, code=exited, status={small}/FAILURE`},
		{3, `Failed to start {unit}: see "journalctl -xeu {unit}" for details.`},
	}, nil},
	{"postfix/smtpd", 2, 7, 6, 8, []line{
		{6, `connect from {host}.{domain}[{ip}]`},
		{6, `{queue}: client={host}.{domain}[{ip}]`},
		{6, `disconnect from {host}.{domain}[{ip}] ehlo=1 mail=1 rcpt={small} data=1 quit=1 commands={small}`},
		{5, `NOQUEUE: reject: RCPT from unknown[{ip}]: 554 5.7.1 <{user}@{domain}>: Relay access denied; proto=ESMTP helo=<{domain}>`},
	}, nil},
	{"postfix/qmgr", 2, 5, 5, 500, []line{
		{6, `{queue}: from=<{user}@{domain}>, size={num}, nrcpt={small} (queue active)`},
		{6, `{queue}: removed`},
		{4, `{queue}: to=<{user}@{domain}>, relay=none, delay={num}, status=deferred (connect to {domain}[{ip}]:25: Connection timed out)`},
	}, nil},
	{"orders", 17, 12, 16, 300, []line{
		{6, `[http-nio-8080-exec-{small}] c.example.orders.OrderService : order {uuid} accepted for customer {num}, {small} positions`},
		{6, `[http-nio-8080-exec-{small}] c.example.orders.Payment : order {uuid} paid in {ms} ms`},
		{7, `[scheduler-{small}] c.example.orders.Cache : evicted {num} entries, {num} left, hit ratio 0.{small}`},
		{4, `[http-nio-8080-exec-{small}] c.example.orders.Stock : {host} answered after {ms} ms, retry {small}`},
		{3, `[kafka-consumer-{small}] c.example.orders.Events : offset {num} in partition {small}: java.lang.IllegalStateException: no handler for {hex8}`},
	}, nil},
	{"postgres", 18, 8, 8, 40, []line{
		{6, `[{small}-1] LOG:  duration: {ms} ms  statement: SELECT * FROM {table} WHERE id = {num}`},
		{6, `[{small}-1] LOG:  checkpoint complete: wrote {num} buffers; write={ms} s, sync={ms} s; lsn={small}/{hex8}`},
		{6, `[{small}-1] LOG:  automatic vacuum of table "shop.public.{table}": pages: {num} removed, {num} remain`},
		{3, `[{small}-1] ERROR:  duplicate key value violates unique constraint "{table}_pkey" DETAIL: Key (id)=({num}) already exists.`},
	}, nil},
	{"dockerd", 3, 4, 6, 2000, []line{
		{6, `level=info msg="ignoring event" container={hex16}{hex16} module=libcontainerd`},
		{4, `level=warning msg="cleaning up after shim disconnected" id={hex16} namespace=moby`},
		{3, `level=error msg="Handler for GET /v1.43/containers/{hex8}/json returned error: No such container"`},
	}, nil},
	{"dhcpd", 3, 3, 4, 5000, []line{
		{6, `DHCPREQUEST for {ip} from {mac} ({host}) via eth{small}`},
		{6, `DHCPACK on {ip} to {mac} ({host}) via eth{small}`},
		{6, `DHCPDISCOVER from {mac} via eth{small}: network 10.20.0.0/16: no free leases`},
	}, nil},
	{"sudo", 10, 2, 3, 2, []line{
		{5, `{user} : TTY=pts/{small} ; PWD=/home/{user} ; USER=root ; COMMAND={file}`},
		{1, `{user} : user NOT in sudoers ; TTY=pts/{small} ; PWD=/ ; USER=root ; COMMAND={file}`},
	}, nil},
	{"named", 3, 4, 12, 3000, []line{
		{6, `client @0x{hex16} {ip}#{port} ({domain}): query: {host}.{domain} IN A +E(0)K (10.20.0.53)`},
		{6, `client @0x{hex16} {ip}#{port}: query (cache) '{domain}/ANY/IN' denied`},
		{4, `lame server resolving '{host}.{domain}' (in '{domain}'?): {ip}#53`},
	}, nil},
	{"backup", 19, 1, 8, 10, []line{
		{6, `{file}: {num} files, {num} kB, blake2 {hex16}{hex16}{hex16}{hex16}`},
		{4, `{file}: changed while it was read, attempt {small}`},
	}, nil},
}
