// Draws a picture with three.js and the viewer's own shaders: shadow map, lit meshes, blended floor marks.
import {
  BufferAttribute, BufferGeometry, Camera, CustomBlending, DataTexture, DepthTexture, DoubleSide, DynamicDrawUsage, FrontSide, GLSL3,
  InstancedBufferAttribute, InstancedBufferGeometry, LessEqualCompare, LinearFilter, Matrix4, Mesh, OneFactor, OneMinusSrcAlphaFactor,
  RawShaderMaterial, RGBAFormat, Scene, UnsignedIntType, Vector3, Vector4, WebGLRenderer, WebGLRenderTarget,
} from "three";
import backdropFrag from "../../draw/shaders/backdrop.frag.glsl";
import backdropVert from "../../draw/shaders/backdrop.vert.glsl";
import depthFrag from "../../draw/shaders/depth.frag.glsl";
import depthFigureVert from "../../draw/shaders/depth_figure.vert.glsl";
import depthLevelVert from "../../draw/shaders/depth_level.vert.glsl";
import figureFrag from "../../draw/shaders/figure.frag.glsl";
import figureVert from "../../draw/shaders/figure.vert.glsl";
import flatFrag from "../../draw/shaders/flat.frag.glsl";
import flatVert from "../../draw/shaders/flat.vert.glsl";
import floorFrag from "../../draw/shaders/floor.frag.glsl";
import floorVert from "../../draw/shaders/floor.vert.glsl";
import levelFrag from "../../draw/shaders/level.frag.glsl";
import levelVert from "../../draw/shaders/level.vert.glsl";
import light from "../../draw/shaders/light.glsl";
import { contactShadow, floorMap, panes, solid } from "./building.js";
import { matrix, sunCamera } from "./camera.js";
import { INSTANCE, PART, avatarMesh, flagMesh, person } from "./figures.js";
import { LIT, Mesh as Shape, beam } from "./geometry.js";
import { Flat } from "./overlays.js";
import shared from "./shared.json";

/** From best to fastest: pixels per CSS pixel at most, side of the shadow map (0 for none), whether avatars throw shadows. */
export const QUALITY = [[2, 2048, true], [1.5, 2048, true], [1, 1024, true], [1, 1024, false], [0.7, 0, false]];

const PRECISION = "precision highp float;\nprecision highp int;\nprecision highp sampler2DShadow;\n";
const source = (text) => PRECISION + text.replace("#version 330", "").replace('#include "light.glsl"', light);

function program(vertex, fragment, uniforms, options = {}) {
  const named = Object.fromEntries(Object.entries(uniforms).map(([name, value]) => [name, value?.shared ? value : { value }]));
  return new RawShaderMaterial({
    glslVersion: GLSL3, vertexShader: source(vertex), fragmentShader: source(fragment), uniforms: named, side: FrontSide, ...options,
  });
}

const NO_CUT = 1e6;
const common = (value) => ({ value, shared: true });

function mesh(scene, geometry, material, order) {
  const made = new Mesh(geometry, material);
  made.frustumCulled = false;
  made.renderOrder = order;
  made.matrixAutoUpdate = false;
  scene.add(made);
  return made;
}

function geometry(arrays, fields, made = new BufferGeometry()) {
  for (const [name, width] of Object.entries(fields)) made.setAttribute(name, new BufferAttribute(arrays[name], width));
  return made;
}

/** A canvas with everything that is drawn on it. */
export class Stage {
  constructor(canvas) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: false });
    this.renderer.autoClear = false;
    this.level = new Level();
    const noCamera = new Matrix4();
    this.uniforms = {
      camera: common(noCamera), cut: common(shared.cut), sun: common(new Vector3(...shared.sun)), sun_camera: common(new Matrix4()),
      shadow_map: common(null), shadows: common(1),
    };
    this.still = new Camera();
    this.scene = new Scene();
    this.sunScene = new Scene();
    for (const scene of [this.scene, this.sunScene]) scene.matrixWorldAutoUpdate = false;
    this.#materials();
    this.#things();
    this.target = null;
    this.quality = -1;
  }

  #materials() {
    const { camera, cut, sun, sun_camera, shadow_map, shadows } = this.uniforms;
    const lit = { camera, sun, sun_camera, shadow_map, shadows };
    const blended = {
      transparent: true, depthWrite: false, side: DoubleSide, blending: CustomBlending, blendSrc: OneFactor, blendDst: OneMinusSrcAlphaFactor,
    };
    const shades = Array.from({ length: 5 }, () => new Vector3());
    this.materials = {
      level: program(levelVert, levelFrag, { ...lit, cut }),
      beams: program(levelVert, levelFrag, { ...lit, cut: NO_CUT }),
      floor: program(floorVert, floorFrag, { ...lit, floor_map: null, bounds: new Vector4() }),
      figure: program(figureVert, figureFrag, { ...lit, eye: new Vector3() }),
      flat: program(flatVert, flatFrag, { camera, cut }, blended),
      backdrop: program(backdropVert, backdropFrag, { inside: 0, shades }, { depthWrite: false, side: DoubleSide }),
      depthLevel: program(depthLevelVert, depthFrag, { camera: sun_camera, cut }, { colorWrite: false }),
      depthBeams: program(depthLevelVert, depthFrag, { camera: sun_camera, cut: NO_CUT }, { colorWrite: false }),
      depthFigure: program(depthFigureVert, depthFrag, { camera: sun_camera }, { colorWrite: false }),
    };
  }

  #things() {
    const { level, floor, figure, flat, backdrop, depthLevel, depthFigure } = this.materials;
    this.solid = new BufferGeometry();
    this.floor = geometry({ position: new Float32Array(18) }, { position: 3 });
    this.bars = new BufferGeometry();
    mesh(this.scene, this.solid, level, 0);
    mesh(this.scene, this.bars, this.materials.beams, 1);
    this.avatars = new Herd(avatarMesh(), this.scene, figure, this.sunScene, depthFigure);
    this.flags = new Herd(flagMesh(), this.scene, figure, this.sunScene, depthFigure);
    mesh(this.scene, this.floor, floor, 2);
    const behind = geometry({ corner: new Float32Array([-1, -1, 3, -1, -1, 3]) }, { corner: 2 });
    behind.setDrawRange(0, 3);
    mesh(this.scene, behind, backdrop, 3);
    this.marks = ["shade", "overlays", "glass"].map((_, k) => new Marks(this.scene, flat, 10 + k));
    mesh(this.sunScene, this.solid, depthLevel, 0);
    this.darkBars = mesh(this.sunScene, this.bars, this.materials.depthBeams, 1);
  }

  /** Make the canvas `width` by `height` CSS pixels, at one of QUALITY. */
  resize(width, height, quality) {
    const ratio = Math.min(window.devicePixelRatio || 1, QUALITY[quality][0]);
    this.renderer.setPixelRatio(ratio);
    this.renderer.setSize(width, height, false);
    this.size = [width, height];
    if (quality === this.quality) return;
    this.quality = quality;
    const side = QUALITY[quality][1];
    this.uniforms.shadows.value = side ? 1 : 0;
    if (side || !this.target) this.#shadowMap(side || 256);
  }

  /** A shadow map of `side` by `side`, without shadows so far; shaders want one even where they cast none. */
  #shadowMap(side) {
    this.target?.dispose();
    const depth = new DepthTexture(side, side, UnsignedIntType);
    depth.compareFunction = LessEqualCompare;
    depth.minFilter = depth.magFilter = LinearFilter;
    this.target = new WebGLRenderTarget(side, side, { depthTexture: depth });
    this.uniforms.shadow_map.value = depth;
    this.renderer.setRenderTarget(this.target);
    this.renderer.clear();
  }

  /** The flat drawing of the floor's marks, emptied, to be filled before `draw`. */
  begin() {
    return this.marks[1].flat.clear();
  }

  /** Draw a level, bars and instances of avatars and flags as `camera` sees them, in the look of `theme`. */
  draw({ level, beams, avatars, flags, camera, theme }) {
    const [width, height] = this.size;
    this.#place(level, theme);
    this.#span(beams);
    this.avatars.place(avatars);
    this.flags.place(flags);
    for (const part of this.marks) part.upload();
    const { uniforms, materials, renderer } = this;
    const [, shadow, moving] = QUALITY[this.quality];
    uniforms.camera.value.fromArray(matrix(camera, width / height));
    uniforms.cut.value = camera.cut;
    uniforms.sun_camera.value.fromArray(sunCamera(level.bounds, Math.min(this.level.height, Math.max(camera.cut, 1.4))));
    materials.figure.uniforms.eye.value.set(...camera.eye);
    materials.floor.uniforms.bounds.value.set(...level.bounds);
    materials.backdrop.uniforms.inside.value = camera.inside;
    if (shadow) {
      this.avatars.shadow.visible = this.flags.shadow.visible = this.darkBars.visible = moving;
      renderer.setRenderTarget(this.target);
      renderer.clear();
      renderer.render(this.sunScene, this.still);
    }
    renderer.setRenderTarget(null);
    renderer.clear();
    renderer.render(this.scene, this.still);
  }

  /** Bring bars up to date: they are made anew when a list of others is given. */
  #span(beams) {
    if (this.beams === beams) return;
    this.beams = beams;
    const shape = new Shape(LIT);
    for (const { from, to, width, colour } of beams) beam(shape, from, to, width, person(colour));
    this.bars.dispose();
    geometry(shape.arrays(), LIT, this.bars);
  }

  /** Bring the level's meshes up to date; only what has changed is made anew. */
  #place(level, theme) {
    const look = this.level;
    const made = theme.surfaces;
    if (look.solidKey !== level.solidKey || look.theme !== theme.name) {
      const arrays = solid(level, made);
      look.height = arrays.height;
      this.solid.dispose();
      geometry(arrays, LIT, this.solid);
      contactShadow(this.marks[0].flat.clear(), level.bounds, theme.name === "dark" ? 1.6 : 1);
      panes(this.marks[2].flat.clear(), level, made);
      this.floor.attributes.position.set(quad(level.bounds));
      this.floor.attributes.position.needsUpdate = true;
      made.backdrop.forEach((colour, k) => this.materials.backdrop.uniforms.shades.value[k].set(...colour.map((c) => c / 255)));
    }
    if (look.key !== level.key || look.theme !== theme.name) {
      look.texture?.dispose();
      const { width, height, data } = floorMap(level, made);
      look.texture = new DataTexture(data, width, height, RGBAFormat);
      look.texture.minFilter = look.texture.magFilter = LinearFilter;
      look.texture.needsUpdate = true;
      this.materials.floor.uniforms.floor_map.value = look.texture;
    }
    Object.assign(look, { key: level.key, solidKey: level.solidKey, theme: theme.name });
  }

  dispose() {
    this.level.texture?.dispose();
    this.target?.dispose();
    for (const scene of [this.scene, this.sunScene]) scene.traverse((thing) => thing.geometry?.dispose());
    for (const material of Object.values(this.materials)) material.dispose();
    this.renderer.dispose();
    this.renderer.forceContextLoss();
  }
}

/** What of a level is on the graphics card. */
class Level {
  constructor() {
    Object.assign(this, { key: "", solidKey: "", theme: "", height: 1, texture: null });
  }
}

const quad = ([x0, y0, x1, y1]) => [x0, y0, 0, x1, y0, 0, x1, y1, 0, x0, y0, 0, x1, y1, 0, x0, y1, 0];

/** Copies of one mesh, each placed by an instance. */
class Herd {
  constructor(arrays, scene, material, sunScene, depth) {
    this.geometry = geometry(arrays, PART, new InstancedBufferGeometry());
    this.capacity = 0;
    mesh(scene, this.geometry, material, 1);
    this.shadow = mesh(sunScene, this.geometry, depth, 1);
  }

  place(instances) {
    const made = this.geometry;
    if (instances.length > this.capacity) {
      this.capacity = Math.max(16, 2 * instances.length);
      made.dispose();
      for (const [name, width] of Object.entries(INSTANCE)) {
        const attribute = new InstancedBufferAttribute(new Float32Array(width * this.capacity), width);
        made.setAttribute(name, attribute.setUsage(DynamicDrawUsage));
      }
    }
    let from = 0;
    for (const [name, width] of Object.entries(INSTANCE)) {
      const attribute = made.getAttribute(name);
      instances.forEach((values, k) => attribute?.array.set(values.slice(from, from + width), k * width));
      if (attribute) attribute.needsUpdate = true;
      from += width;
    }
    made.instanceCount = instances.length;
  }
}

/** Blended triangles on the graphics card, replaced when they change. */
class Marks {
  constructor(scene, material, order) {
    this.flat = new Flat();
    this.geometry = new BufferGeometry();
    mesh(scene, this.geometry, material, order);
  }

  upload() {
    const { flat, geometry: made } = this;
    if (made.getAttribute("position")?.array !== flat.position) {
      made.dispose();
      made.setAttribute("position", new BufferAttribute(flat.position, 3).setUsage(DynamicDrawUsage));
      made.setAttribute("colour", new BufferAttribute(flat.colour, 4).setUsage(DynamicDrawUsage));
    }
    for (const name of ["position", "colour"]) {
      const attribute = made.getAttribute(name);
      attribute.clearUpdateRanges();
      attribute.addUpdateRange(0, flat.count * attribute.itemSize);
      attribute.needsUpdate = true;
    }
    made.setDrawRange(0, flat.count);
  }
}
