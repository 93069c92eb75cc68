package main

// app is a program that logs. Its texts have fields: {ip}, {port}, {num}, {small}, {hex}, {id}, {key},
// {user}, {ms}, {path}, {host}.
type app struct {
	name     string
	facility int
	weight   int  // how often it speaks, of 100
	pids     int  // how many processes it has
	origin   bool // writes structured data
	texts    []text
}

// text is one kind of message.
type text struct {
	level  int
	format string
}

// apps is the table of all programs. The weights add up to 100.
var apps = []app{
	{"frontd", 16, 30, 6, false, []text{
		{6, `{ip} "GET {path}" 200 {num} bytes in {ms} ms, upstream {host}:8080`},
		{6, `{ip} "POST {path}" 201 {num} bytes in {ms} ms, request {id}`},
		{4, `{ip} "GET {path}" 404 in {ms} ms`},
		{3, `upstream {host}:8080 gave no answer in {num} ms, request {id} goes to the next`},
	}},
	{"sshd", 4, 14, 90, false, []text{
		{6, `session of {user} from {ip} port {port} begins, key SHA256:{key}`},
		{6, `session of {user} from {ip} port {port} ends after {num} s`},
		{5, `wrong password for {user} from {ip} port {port}`},
		{4, `{ip} port {port} closed before it said who it is`},
	}},
	{"queued", 2, 10, 12, false, []text{
		{6, `{hex}: from=<{user}@{host}.example>, size={num}, {small} recipients`},
		{6, `{hex}: delivered to {host}[{ip}]:25 in {ms} ms, 250 accepted as {hex}`},
		{4, `{hex}: {host}[{ip}] says try later, attempt {small}, next in {num} s`},
	}},
	{"kernel", 0, 8, 0, false, []text{
		{4, `filter: drop in=eth{small} src={ip} dst={ip} len={small} ttl=64 proto=tcp spt={port} dpt={port}`},
		{6, `nvme0n1: write of {num} sectors at {hex} took {ms} ms`},
		{3, `process {num} ({user}) uses more memory than its group may, {num} kB`},
	}},
	{"ordersvc", 17, 9, 4, true, []text{
		{6, `order {id} of customer {num} taken, {small} items, total {num}.{small}`},
		{6, `order {id} paid after {ms} ms`},
		{3, `order {id}: store {host} is out of article {num}`},
	}},
	{"dnsd", 3, 8, 2, false, []text{
		{6, `client {ip}#{port}: query {host}.example IN A, answer in {ms} ms`},
		{5, `client {ip}#{port}: zone transfer refused`},
	}},
	{"cron", 9, 5, 900, false, []text{
		{6, `({user}) runs {path}`},
		{6, `({user}) {path} ended with {small} after {num} ms`},
	}},
	{"dbd", 18, 6, 30, true, []text{
		{6, `checkpoint: {num} buffers written in {ms} ms, log position 1F/{hex}`},
		{5, `statement {id} took {num} ms, {num} rows`},
		{3, `connection from {ip}:{port} user={user} lost in the middle of a message`},
	}},
	{"dhcpd", 3, 4, 1, false, []text{
		{6, `lease of {ip} to {hex} ({host}) for {num} s via eth{small}`},
	}},
	{"sudo", 10, 2, 700, false, []text{
		{5, `{user}: terminal pts/{small}, directory {path}, as root: {path}`},
		{1, `{user}: not allowed to run {path} on {host}`},
	}},
	{"backup", 19, 2, 1, false, []text{
		{6, `{path}: {num} files, {num} kB, digest {id}{id}`},
	}},
	{"switch", 23, 2, 0, false, []text{
		{5, `port {small}/{small}: link up at 10 Gb/s, neighbour {host}`},
		{4, `port {small}/{small}: {num} frames with a wrong checksum`},
	}},
}

var users = []string{"anna", "root", "deploy", "www", "jonas", "backup", "m.keller", "git", "postgres", "oracle", "svc-build", "li"}

var sites = []string{"web", "web", "web", "db", "mail", "edge", "ns", "build"}

var paths = []string{"/api/v2/orders", "/", "/login", "/static/app.js", "/usr/local/bin/rotate-keys", "/srv/data/export",
	"/api/v2/customers/search", "/health", "/var/spool/jobs/nightly"}
