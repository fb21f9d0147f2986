#!/usr/bin/env node
import '../dist/trctl/main.js';
