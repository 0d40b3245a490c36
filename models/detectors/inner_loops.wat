;; The inner loops of neighbours.ts and tail.ts, several numbers at a time. Assembled into
;; inner_loops.wasm, which tests/models/detectors/inner_loops_test.ts compares with this text and
;; says how to renew.
;;
;; Sums have single precision; what is added to them is calculated in double precision and rounded
;; once, as plain code would: so the result is the same to the last bit.
(module
  (memory (export "memory") 1)

  ;; Moves sums on by one reading: adds the difference that came, takes away the one that left.
  ;; `past` is where the values are, the newest first; `length` of the stretch; `from` the first lag, `blocks` of eight
  ;; lags. Lists at `near` the lags whose sums are not above `limit`; the result is where it ends.
  (func (export "advance")
    (param $past i32) (param $sums i32) (param $length i32) (param $from i32) (param $blocks i32)
    (param $limit f32) (param $near i32) (result i32)
    (local $newest v128) (local $leaving v128) (local $limits v128)
    (local $came i32) (local $left i32) (local $sum i32) (local $end i32) (local $at i32)
    (local $first v128) (local $second v128)
    (local.set $newest (f64x2.promote_low_f32x4 (v128.load32_splat (local.get $past))))
    (local.set $left (i32.add (local.get $past) (i32.shl (local.get $length) (i32.const 2))))
    (local.set $leaving (f64x2.promote_low_f32x4 (v128.load32_splat (local.get $left))))
    (local.set $limits (f32x4.splat (local.get $limit)))
    (local.set $came (i32.add (local.get $past) (i32.shl (local.get $from) (i32.const 2))))
    (local.set $left (i32.add (local.get $left) (i32.shl (local.get $from) (i32.const 2))))
    (local.set $sum (i32.add (local.get $sums) (i32.shl (local.get $from) (i32.const 2))))
    (local.set $end (i32.add (local.get $sum) (i32.shl (local.get $blocks) (i32.const 5))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $sum) (local.get $end)))
        (local.set $first
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
            (f32x4.demote_f64x2_zero (f64x2.sub
              (f64x2.add
                (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $sum)))
                (f64x2.abs (f64x2.sub (local.get $newest)
                (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $came))))))
              (f64x2.abs (f64x2.sub (local.get $leaving)
                (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $left)))))))
            (f32x4.demote_f64x2_zero (f64x2.sub
              (f64x2.add
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $sum)))
                (f64x2.abs (f64x2.sub (local.get $newest)
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $came))))))
              (f64x2.abs (f64x2.sub (local.get $leaving)
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $left)))))))))
        (local.set $second
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23
            (f32x4.demote_f64x2_zero (f64x2.sub
              (f64x2.add
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $sum)))
                (f64x2.abs (f64x2.sub (local.get $newest)
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $came))))))
              (f64x2.abs (f64x2.sub (local.get $leaving)
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $left)))))))
            (f32x4.demote_f64x2_zero (f64x2.sub
              (f64x2.add
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $sum)))
                (f64x2.abs (f64x2.sub (local.get $newest)
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $came))))))
              (f64x2.abs (f64x2.sub (local.get $leaving)
                (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $left)))))))))
        (v128.store (local.get $sum) (local.get $first))
        (v128.store offset=16 (local.get $sum) (local.get $second))
        (if (v128.any_true (v128.or
              (f32x4.le (local.get $first) (local.get $limits))
              (f32x4.le (local.get $second) (local.get $limits)))) (then
          (local.set $at (local.get $sum))
          (loop $each
            (if (f32.le (f32.load (local.get $at)) (local.get $limit)) (then
              (i32.store (local.get $near)
                (i32.shr_u (i32.sub (local.get $at) (local.get $sums)) (i32.const 2)))
              (local.set $near (i32.add (local.get $near) (i32.const 4)))))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (br_if $each
              (i32.lt_u (local.get $at) (i32.add (local.get $sum) (i32.const 32)))))))
        (local.set $sum (i32.add (local.get $sum) (i32.const 32)))
        (local.set $came (i32.add (local.get $came) (i32.const 32)))
        (local.set $left (i32.add (local.get $left) (i32.const 32)))
        (br $next)))
    (local.get $near))

  ;; Makes sums afresh, the oldest difference first; parameters as for `advance`.
  (func (export "sumUp")
    (param $past i32) (param $sums i32) (param $length i32) (param $from i32) (param $blocks i32)
    (local $sum i32) (local $end i32) (local $other i32) (local $at i32) (local $with i32)
    (local $value v128) (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $sum (i32.add (local.get $sums) (i32.shl (local.get $from) (i32.const 2))))
    (local.set $end (i32.add (local.get $sum) (i32.shl (local.get $blocks) (i32.const 5))))
    ;; The oldest reading of the stretch, and the one as long before it as the first lag says.
    (local.set $other (i32.add (local.get $past)
      (i32.shl (i32.add (local.get $from) (local.get $length)) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $sum) (local.get $end)))
        (local.set $a (v128.const i64x2 0 0))
        (local.set $b (v128.const i64x2 0 0))
        (local.set $c (v128.const i64x2 0 0))
        (local.set $d (v128.const i64x2 0 0))
        (local.set $at
          (i32.add (local.get $past) (i32.shl (local.get $length) (i32.const 2))))
        (local.set $with (local.get $other))
        (loop $each
          (local.set $at (i32.sub (local.get $at) (i32.const 4)))
          (local.set $with (i32.sub (local.get $with) (i32.const 4)))
          (local.set $value (f64x2.promote_low_f32x4 (v128.load32_splat (local.get $at))))
          (local.set $a (f64x2.add (local.get $a)
            (f64x2.abs (f64x2.sub (local.get $value)
              (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $with)))))))
          (local.set $b (f64x2.add (local.get $b)
            (f64x2.abs (f64x2.sub (local.get $value)
              (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $with)))))))
          (local.set $c (f64x2.add (local.get $c)
            (f64x2.abs (f64x2.sub (local.get $value)
              (f64x2.promote_low_f32x4 (v128.load64_zero offset=16 (local.get $with)))))))
          (local.set $d (f64x2.add (local.get $d)
            (f64x2.abs (f64x2.sub (local.get $value)
              (f64x2.promote_low_f32x4 (v128.load64_zero offset=24 (local.get $with)))))))
          (br_if $each (i32.gt_u (local.get $at) (local.get $past))))
        (v128.store64_lane 0 (local.get $sum) (f32x4.demote_f64x2_zero (local.get $a)))
        (v128.store64_lane offset=8 0 (local.get $sum) (f32x4.demote_f64x2_zero (local.get $b)))
        (v128.store64_lane offset=16 0 (local.get $sum) (f32x4.demote_f64x2_zero (local.get $c)))
        (v128.store64_lane offset=24 0 (local.get $sum) (f32x4.demote_f64x2_zero (local.get $d)))
        (local.set $sum (i32.add (local.get $sum) (i32.const 32)))
        (local.set $other (i32.add (local.get $other) (i32.const 32)))
        (br $next))))

  ;; How many of `count` floats are smaller than `limit`.
  (func (export "countBelow") (param $at i32) (param $count i32) (param $limit f32) (result i32)
    (local $end i32) (local $limits v128) (local $found v128) (local $result i32)
    (local.set $limits (f32x4.splat (local.get $limit)))
    (local.set $end (i32.add (local.get $at) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done
          (i32.gt_u (i32.add (local.get $at) (i32.const 16)) (local.get $end)))
        ;; True is -1 in each lane.
        (local.set $found (i32x4.sub (local.get $found)
          (f32x4.lt (v128.load (local.get $at)) (local.get $limits))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $next)))
    (local.set $result (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $found)) (i32x4.extract_lane 1 (local.get $found)))
      (i32.add (i32x4.extract_lane 2 (local.get $found)) (i32x4.extract_lane 3 (local.get $found)))))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $result (i32.add (local.get $result)
          (f32.lt (f32.load (local.get $at)) (local.get $limit))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $each)))
    (local.get $result)))
