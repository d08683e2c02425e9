"""What the black-box tests share: a client of the protocol, a server to start, a terminal to type on."""
