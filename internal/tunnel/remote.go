package tunnel

import (
	"strconv"
	"strings"
	"time"
)

// The scripts run in whatever sh the server has. They hold no single quote and no line end, and a blank or = behind each
// exclamation mark, so that any login shell hands them over as they are. $0 is the name of the tunnel.

// keeperScript ends the session of a keeper before it ($1, child of the sshd $2), and then its own if nothing comes for
// $3 seconds. It says its process id and that of its sshd, and when it is asked for it who listens.
const keeperScript = `if [ -n "$1" ] && [ "$1" != $$ ] && ` +
	`{ grep -q "$0" /proc/$1/cmdline 2>/dev/null || ps -o args= -p $1 2>/dev/null | grep -q "$0"; }; ` +
	`then kill $2 2>/dev/null; sleep 1; fi; ` +
	`case $(cat /proc/$PPID/comm 2>/dev/null || ps -o comm= -p $PPID 2>/dev/null) in *sshd*) p=$PPID;; *) p=;; esac; t=$3; ` +
	`watch() { ( s=; trap "[ -n \"\$s\" ] && kill \$s; exit" TERM; sleep $t & s=$! ; wait $s; kill -0 $$ && kill $p $$ ) </dev/null >/dev/null 2>&1 & w=$! ; }; ` +
	`watch; echo "$0 $$ $p"; ` +
	`while read x; do kill $w 2>/dev/null; watch; ` +
	`if [ "$x" = list ]; then ` + listScript + `; echo "$0 end"; fi; done; kill $w 2>/dev/null`

// hopScript listens on the public port $1 and forwards to $2 of the loopback addresses, by way of the server $3 itself, until its
// input ends.
const hopScript = `set -- "$1" "$2" "$3" $SSH_CONNECTION; exec 3<&0; ` +
	`ssh -T -g -N -o BatchMode=yes -o NoHostAuthenticationForLocalhost=yes -o ExitOnForwardFailure=yes -o ControlMaster=no ` +
	`-o ControlPath=none -o ServerAliveInterval=15 -o ServerAliveCountMax=3 -p "${7:-22}" -L "*:$1:$2" "$3" </dev/null 3<&- & h=$! ; ` +
	`( cat <&3 >/dev/null; kill $h ) 2>/dev/null & c=$! ; wait $h; kill $c 2>/dev/null`

// listScript says who listens.
const listScript = `grep -h " 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null || netstat -an 2>/dev/null | grep LISTEN`

// remote is the command line that runs a script.
func (t *Tunnel) remote(script string, args ...string) string {
	words := []string{"exec", "sh", "-c", quote(script), quote(t.name)}
	for _, a := range args {
		words = append(words, quote(a))
	}
	return strings.Join(words, " ")
}

func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func (t *Tunnel) keeperCommand() string {
	silence := 4 * t.config.Alive
	return t.remote(keeperScript, t.keeper, t.daemon, strconv.Itoa(max(1, int(silence/time.Second))))
}
