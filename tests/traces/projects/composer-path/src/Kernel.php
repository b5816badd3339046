<?php

namespace Acme\Shop;

final class Kernel {}
