<?php

function shop(): void {}
