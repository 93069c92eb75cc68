// Package mqtt subscribes to topics of an MQTT broker (MQTT 3.1.1) and takes what is published.
//
// # What is acknowledged
//
// With QoS 1 a message is acknowledged when it is durable, and not before. The session of the broker outlives
// connections: what was not acknowledged comes again, flagged as a duplicate, and what is published meanwhile waits
// there. A message may therefore be kept twice, and none is missing, as far as the broker keeps its session.
//
// With QoS 0, whether asked for here or by who publishes, nothing is acknowledged: what comes while nobody is connected is
// lost and nobody knows; what finds no room here is counted ("queue full").
//
// Every connection has a client of its own, so that an acknowledgement belongs to the connection from which its message
// came: numbers of messages are used again when a broker has lost its session.
//
// # Sources
//
//	mqtt tcp://127.0.0.1:1883    _TRANSPORT=mqtt _BROKER=tcp://127.0.0.1:1883
//	                             _MQTT_DUPLICATE=1 _MQTT_RETAINED=1, if the broker says so
//	                             MQTT_TOPIC and PRIORITY, which are claims: whoever publishes chooses the topic
package mqtt
