// Program bench measures constat beside its peers in one run, and prints Markdown tables.
//
//	go run ./bench                        everything: 1,000,000 messages, five pairs
//	go run ./bench -n 100000 -pairs 1     a quick look
//	go run ./bench -only tcp,udp          some of the cases
//	go run ./bench -corpus events.log     with the first -n lines of a file instead of the generator's
//	go run ./bench -big 100000000         a store of so many events beside one of a million (-keep DIR goes on later)
//	go run ./bench -write events.log      no measurement: the generator's events, for whoever has no logs (see -help)
//
// A case is a load with two or more contenders, constat first. Each round runs every contender once, in order, so that
// whatever else the machine does hits all of them; the tables give the median and the range of the rounds. The load
// comes from a generator of its own: the same seed gives the same lines for ever, so that figures of different
// versions and machines can be compared.
//
// The parts size, questions, dump and verify keep the same events in constat and in other archives, and ask all of them
// the same. The bench reads the events itself, so every answer is compared with what is right.
//
// A contender's CPU is the user and system time of its process and of the children it waited for, from start to exit,
// as the kernel accounts it (wait4). Every daemon is on loopback, on a port of its own, in a directory of its own that
// is removed afterwards; all are killed when the program ends, however it ends. Without rsyslogd the peer's rows say
// so.
//
// What the figures mean, and those of one machine, stand in docs/performance.md.
package main
