<?php

class Legacy {}
