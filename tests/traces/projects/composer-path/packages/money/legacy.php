<?php

class Coin {}
