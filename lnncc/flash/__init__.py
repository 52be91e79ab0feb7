"""Firmware for boards, real and emulated; onto them, by the tools that their users have; what they say then."""
