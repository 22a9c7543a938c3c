#!/bin/bash -eu
# SPDX-License-Identifier: BSD-3-Clause
# Builds the fuzz targets as OSS-Fuzz and ClusterFuzzLite do: compiler, flags and engine come from
# $CC, $CXX, $CFLAGS, $CXXFLAGS and $LIB_FUZZING_ENGINE; the source is $SRC/rolecall; $OUT takes each
# target with its corpus, dictionary and options, and the shared libraries that the runner lacks.
# `ci/fuzz.sh --oss-fuzz` runs it on this machine.
build=${WORK:-$OUT}/rolecall-build
# The distribution's C++ libraries (fmt, boost) are libstdc++'s; the engine brings its own.
CXXFLAGS=${CXXFLAGS/-stdlib=libc++/}

cmake -G Ninja -S "$SRC/rolecall" -B "$build" -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_C_FLAGS="$CFLAGS" -DCMAKE_CXX_FLAGS="$CXXFLAGS" \
  -DROLECALL_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
  -DCMAKE_EXE_LINKER_FLAGS='-Wl,-rpath,$ORIGIN/lib'
cmake --build "$build" --target fuzz_engine_targets

mkdir -p "$OUT/lib"
for corpus in "$SRC"/rolecall/fuzz/corpus/*/; do
  name=$(basename "$corpus")
  # pair_legacy must break its rule: a test of the fuzzer, which would be reported for ever.
  [ "$name" != pair_legacy ] || continue
  cp "$build/bin/fuzz_$name" "$OUT/$name"
  python3 -m zipfile -c "$OUT/${name}_seed_corpus.zip" "$corpus"*
  find "$SRC/rolecall/fuzz/" -name "$name.dict" -o -name "$name.options" | xargs -r cp -t "$OUT"
  ldd "$OUT/$name" | awk '/libfmt|libboost|libcrypto/ { print $3 }' | xargs -r cp -t "$OUT/lib"
done
