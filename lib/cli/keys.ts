#!/usr/bin/env node
// ohmq-keys: another name of `ohmq keys`.

import process from "node:process"

import { mainOf } from "./main.js"

void mainOf("keys", "ohmq-keys", process.argv.slice(2))
