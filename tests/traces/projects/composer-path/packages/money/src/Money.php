<?php

namespace Acme\Money;

final class Money {}
