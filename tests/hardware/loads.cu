// Loads for a GPU, one a name, to be recorded: stand-ins that resemble the memory and pipe use of a
// kind of program. None of them is a miner: no coin's hash, no target, no network.
//
//   loads NAME --seconds S [--gib G] [--duty 0..1] [--period S]
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mma.h>
#include <time.h>
#include <unistd.h>

#define CHECK(call)                                                             \
  do {                                                                          \
    cudaError_t code = (call);                                                  \
    if (code != cudaSuccess) {                                                  \
      fprintf(stderr, "%s: %s\n", #call, cudaGetErrorString(code));             \
      exit(1);                                                                  \
    }                                                                           \
  } while (0)

constexpr int BLOCKS = 132 * 8, THREADS = 256;

__device__ uint64_t rotate(uint64_t x, int n) { return (x << n) | (x >> (64 - n)); }

// Rounds of chi, theta and rho as in Keccak, between random reads of 128 bytes from a large table.
__global__ void random_reads(const uint4 *table, uint64_t rows, uint64_t seed, uint64_t *out) {
  uint64_t id = blockIdx.x * (uint64_t)blockDim.x + threadIdx.x, s[25];
  for (int i = 0; i < 25; i++) s[i] = seed ^ (id * 0x9E3779B97F4A7C15ull + i);
  for (int turn = 0; turn < 4096; turn++) {
    uint64_t row = __shfl_sync(~0u, s[0], threadIdx.x & 24, 32) % rows;
    uint4 word = table[row * 8 + (threadIdx.x & 7)];
    s[0] ^= ((uint64_t)word.x << 32) | word.y;
    s[1] ^= ((uint64_t)word.z << 32) | word.w;
#pragma unroll
    for (int x = 0; x < 5; x++) {
      uint64_t c = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
#pragma unroll
      for (int y = 0; y < 25; y += 5) s[y + (x + 1) % 5] ^= rotate(c, 1);
    }
#pragma unroll
    for (int y = 0; y < 25; y += 5)
#pragma unroll
      for (int x = 0; x < 5; x++) s[y + x] ^= ~s[y + (x + 1) % 5] & rotate(s[y + (x + 2) % 5], 7);
  }
  out[id] = s[0];
}

// Additions, rotations and exclusive ors in registers alone.
__global__ void integers(uint32_t seed, uint32_t *out, int turns) {
  uint32_t id = blockIdx.x * blockDim.x + threadIdx.x, v[16];
  for (int i = 0; i < 16; i++) v[i] = seed + id * 2654435761u + i;
  for (int turn = 0; turn < turns; turn++)
#pragma unroll
    for (int i = 0; i < 4; i++) {
      v[i] += v[i + 4] + turn;
      v[i + 12] = __funnelshift_r(v[i + 12] ^ v[i], v[i + 12] ^ v[i], 16);
      v[i + 8] += v[i + 12];
      v[i + 4] = __funnelshift_r(v[i + 4] ^ v[i + 8], v[i + 4] ^ v[i + 8], 12);
    }
  uint32_t sum = 0;
  for (int i = 0; i < 16; i++) sum ^= v[i];
  out[id] = sum;
}

// Products of 8-bit integer tiles on tensor cores, tiles read from two matrices.
__global__ void products(const int8_t *a, const int8_t *b, int32_t *out, int turns, int tiles) {
  using namespace nvcuda::wmma;
  int warp = (blockIdx.x * blockDim.x + threadIdx.x) / 32;
  fragment<matrix_a, 16, 16, 16, int8_t, row_major> left;
  fragment<matrix_b, 16, 16, 16, int8_t, col_major> right;
  fragment<accumulator, 16, 16, 16, int32_t> sum[4];
  for (int i = 0; i < 4; i++) fill_fragment(sum[i], 0);
  for (int turn = 0; turn < turns; turn++) {
    load_matrix_sync(left, a + (size_t)((warp + turn * 7) % tiles) * 256, 16);
    load_matrix_sync(right, b + (size_t)((warp * 3 + turn) % tiles) * 256, 16);
    for (int again = 0; again < 8; again++)
      for (int i = 0; i < 4; i++) mma_sync(sum[i], left, right, sum[i]);
  }
  for (int i = 1; i < 4; i++)
    for (int e = 0; e < sum[0].num_elements; e++) sum[0].x[e] ^= sum[i].x[e];
  store_matrix_sync(out + (size_t)warp * 256, sum[0], 16, mem_row_major);
}

// Seven-point stencil, single precision.
__global__ void stencil(const float *from, float *to, int n) {
  size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x, plane = (size_t)n * n;
  if (i < plane || i >= plane * (n - 1)) return;
  to[i] = 0.4f * from[i] + 0.1f * (from[i - 1] + from[i + 1] + from[i - n] + from[i + n] +
                                   from[i - plane] + from[i + plane]);
}

// Forces between all pairs of bodies, single precision.
__global__ void bodies(const float4 *from, float4 *to, int n) {
  int id = blockIdx.x * blockDim.x + threadIdx.x;
  float4 me = from[id % n];
  float x = 0, y = 0, z = 0;
  for (int j = 0; j < n; j++) {
    float4 other = from[j];
    float dx = other.x - me.x, dy = other.y - me.y, dz = other.z - me.z;
    float near = rsqrtf(dx * dx + dy * dy + dz * dz + 0.01f);
    float pull = other.w * near * near * near;
    x += dx * pull, y += dy * pull, z += dz * pull;
  }
  to[id % n] = make_float4(me.x + x * 1e-6f, me.y + y * 1e-6f, me.z + z * 1e-6f, me.w);
}

// Seconds of a steady clock.
static double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  double seconds = 10, gib = 4.4, duty = 1, period = 1;
  for (int i = 2; i + 1 < argc; i += 2) {
    double value = atof(argv[i + 1]);
    if (!strcmp(argv[i], "--seconds")) seconds = value;
    if (!strcmp(argv[i], "--gib")) gib = value;
    if (!strcmp(argv[i], "--duty")) duty = value;
    if (!strcmp(argv[i], "--period")) period = value;
  }
  double begun = now();
  size_t bytes = (size_t)(gib * (1 << 30)) / 4096 * 4096;
  char *one, *two, *out;
  CHECK(cudaMalloc(&one, bytes));
  CHECK(cudaMalloc(&out, (size_t)BLOCKS * THREADS * 64));
  CHECK(cudaMemset(one, 1, bytes));
  two = one + bytes / 2;
  int side = 1;
  while ((size_t)(side + 8) * (side + 8) * (side + 8) * 8 < bytes) side += 8;
  for (uint64_t turn = 0; now() - begun < seconds; turn++) {
    double start = now();
    do {
      if (!strcmp(name, "random-reads"))
        random_reads<<<BLOCKS, THREADS>>>((uint4 *)one, bytes / 128, turn, (uint64_t *)out);
      else if (!strcmp(name, "integers"))
        integers<<<BLOCKS, THREADS>>>(turn, (uint32_t *)out, 40000);
      else if (!strcmp(name, "int8-products"))
        products<<<BLOCKS, THREADS>>>((int8_t *)one, (int8_t *)two, (int32_t *)out, 4000, 1 << 16);
      else if (!strcmp(name, "stencil"))
        for (int i = 0; i < 8; i++)
          stencil<<<(unsigned)(((size_t)side * side * side + 255) / 256), 256>>>(
              (float *)(i % 2 ? two : one), (float *)(i % 2 ? one : two), side);
      else if (!strcmp(name, "bodies"))
        bodies<<<65536 / 256, 256>>>((float4 *)one, (float4 *)two, 65536);
      else if (!strcmp(name, "idle"))
        usleep(100000);
      else
        return fprintf(stderr, "no load is called '%s'\n", name), 2;
      CHECK(cudaGetLastError());
      CHECK(cudaDeviceSynchronize());
    } while (now() - start < duty * period && now() - begun < seconds);
    if (duty < 1) {
      double rest = period - (now() - start);
      if (rest > 0) usleep((useconds_t)(rest * 1e6));
    }
  }
  return 0;
}
