#!/bin/sh
# Fence agent: the bed's, in a mood. Its parameter `mood`: refuses, hangs, lies, third (works at its
# third try).
input=$(cat)
value() { echo "$input" | sed -n "s/^$1=//p" | tail -n 1; }
bed=$(value bed)
real() { echo "$input" | sh "$bed/agents/fence/fence_bed"; }
case $(value action) in
  on | off | reboot) ;;
  *) real; exit ;;
esac
case $(value mood) in
  refuses) echo "it refuses" >&2; exit 1 ;;
  hangs) exec sleep 600 ;;
  lies) exit 0 ;;
  third)
    echo try >>"$bed/tries"
    [ "$(wc -l <"$bed/tries")" -ge 3 ] || exit 1
    real
    ;;
esac
