/** What {@link ./seed.ts} puts into an empty database. Prices in pounds; stock in units by warehouse. */
export const CURRENCY_CODE = 'GBP';

export const WAREHOUSES = [
  { code: 'LDN', name: 'London' },
  { code: 'MAN', name: 'Manchester' },
] as const;

type WarehouseCode = (typeof WAREHOUSES)[number]['code'];

export interface SeedProduct {
  readonly name: string;
  readonly description: string;
  readonly variants: readonly {
    readonly sku: string;
    readonly name: string;
    readonly price: string;
    readonly stock: Readonly<Record<WarehouseCode, number>>;
  }[];
}

/** Sold out: REC-PLAY-WAL. A single unit: CLK-WALL-1954. Of everything else there is plenty. */
export const CATALOGUE: readonly SeedProduct[] = [
  {
    name: 'Stoneware Mug',
    description:
      'A generous hand-thrown mug with a reactive glaze, so no two are quite alike. Holds 350 ml; safe in the dishwasher and the microwave.',
    variants: [
      { sku: 'MUG-STN-BLUE', name: 'Blue', price: '14.00', stock: { LDN: 640, MAN: 420 } },
      { sku: 'MUG-STN-SAND', name: 'Sand', price: '14.00', stock: { LDN: 600, MAN: 380 } },
      { sku: 'MUG-STN-MOSS', name: 'Moss green', price: '14.00', stock: { LDN: 520, MAN: 300 } },
    ],
  },
  {
    name: 'Espresso Cup Set',
    description: 'Four porcelain cups with saucers, thick enough to keep a short coffee hot to the last sip.',
    variants: [
      { sku: 'CUP-ESP-WHT', name: 'White, set of 4', price: '28.00', stock: { LDN: 500, MAN: 260 } },
      { sku: 'CUP-ESP-BLK', name: 'Black, set of 4', price: '28.00', stock: { LDN: 480, MAN: 240 } },
    ],
  },
  {
    name: 'Glass Teapot',
    description:
      'Borosilicate teapot with a lift-out steel infuser for loose leaf tea. Pours without dripping.',
    variants: [
      { sku: 'POT-TEA-600', name: '600 ml', price: '26.50', stock: { LDN: 350, MAN: 300 } },
      { sku: 'POT-TEA-1200', name: '1.2 l', price: '34.00', stock: { LDN: 320, MAN: 280 } },
    ],
  },
  {
    name: 'Pour-Over Coffee Maker',
    description:
      'A conical dripper and carafe in one, for filter coffee without a machine. Takes standard paper filters.',
    variants: [
      { sku: 'COF-POUR-4', name: '4 cups', price: '36.00', stock: { LDN: 400, MAN: 220 } },
      { sku: 'COF-POUR-8', name: '8 cups', price: '44.00', stock: { LDN: 360, MAN: 200 } },
    ],
  },
  {
    name: 'Cafetiere',
    description: 'Double-walled steel French press that keeps coffee hot for an hour and survives camping.',
    variants: [
      { sku: 'COF-PRESS-350', name: '350 ml', price: '29.00', stock: { LDN: 420, MAN: 260 } },
      { sku: 'COF-PRESS-1000', name: '1 l', price: '39.00', stock: { LDN: 500, MAN: 310 } },
    ],
  },
  {
    name: 'Hand Coffee Grinder',
    description:
      'Stepless ceramic burr grinder with a folding handle, from Turkish fine to cafetiere coarse.',
    variants: [{ sku: 'COF-GRIND-01', name: 'Brushed steel', price: '54.00', stock: { LDN: 300, MAN: 250 } }],
  },
  {
    name: 'House Espresso Beans',
    description:
      'Chocolate and roasted hazelnut; a blend of washed Colombian and natural Brazilian coffee, roasted every Tuesday.',
    variants: [
      { sku: 'BEAN-HOUSE-250', name: '250 g', price: '8.50', stock: { LDN: 2000, MAN: 1500 } },
      { sku: 'BEAN-HOUSE-1000', name: '1 kg', price: '29.00', stock: { LDN: 1200, MAN: 900 } },
    ],
  },
  {
    name: 'Ethiopian Single Origin',
    description: 'Light-roasted Yirgacheffe with jasmine and bergamot. Best as filter coffee.',
    variants: [
      { sku: 'BEAN-ETH-250', name: '250 g', price: '10.50', stock: { LDN: 900, MAN: 700 } },
      { sku: 'BEAN-ETH-1000', name: '1 kg', price: '36.00', stock: { LDN: 400, MAN: 300 } },
    ],
  },
  {
    name: 'Earl Grey Tea',
    description: 'Whole-leaf Ceylon black tea with cold-pressed Calabrian bergamot oil.',
    variants: [
      { sku: 'TEA-EARL-100', name: '100 g tin', price: '9.00', stock: { LDN: 1500, MAN: 1100 } },
      { sku: 'TEA-EARL-500', name: '500 g pouch', price: '32.00', stock: { LDN: 600, MAN: 500 } },
    ],
  },
  {
    name: 'Sencha Green Tea',
    description: 'First-flush Japanese green tea from Uji: grassy, sweet and bright.',
    variants: [{ sku: 'TEA-SENCHA-100', name: '100 g tin', price: '13.50', stock: { LDN: 800, MAN: 600 } }],
  },
  {
    name: 'Oak Chopping Board',
    description: 'End-grain board of European oak, oiled by hand, with a groove for the juice.',
    variants: [
      { sku: 'BRD-OAK-S', name: 'Small, 30 × 20 cm', price: '32.00', stock: { LDN: 300, MAN: 260 } },
      { sku: 'BRD-OAK-M', name: 'Medium, 40 × 28 cm', price: '46.00', stock: { LDN: 320, MAN: 240 } },
      { sku: 'BRD-OAK-L', name: 'Large, 50 × 35 cm', price: '62.00', stock: { LDN: 280, MAN: 230 } },
    ],
  },
  {
    name: "Chef's Knife",
    description:
      'Forged high-carbon steel blade, full tang, with a walnut handle. Takes an edge and keeps it.',
    variants: [
      { sku: 'KNF-CHEF-16', name: '16 cm', price: '68.00', stock: { LDN: 300, MAN: 220 } },
      { sku: 'KNF-CHEF-20', name: '20 cm', price: '79.00', stock: { LDN: 340, MAN: 260 } },
    ],
  },
  {
    name: 'Cast Iron Skillet',
    description: 'Pre-seasoned iron that goes from hob to oven to table and outlives its owner.',
    variants: [
      { sku: 'PAN-IRON-20', name: '20 cm', price: '34.00', stock: { LDN: 320, MAN: 280 } },
      { sku: 'PAN-IRON-26', name: '26 cm', price: '45.00', stock: { LDN: 350, MAN: 300 } },
      { sku: 'PAN-IRON-30', name: '30 cm', price: '56.00', stock: { LDN: 300, MAN: 220 } },
    ],
  },
  {
    name: 'Linen Tea Towel',
    description: 'Stone-washed European linen, soft from the first day and thirsty.',
    variants: [
      { sku: 'TWL-LIN-NAT', name: 'Natural', price: '11.00', stock: { LDN: 900, MAN: 700 } },
      { sku: 'TWL-LIN-IND', name: 'Indigo', price: '11.00', stock: { LDN: 850, MAN: 650 } },
      { sku: 'TWL-LIN-RUST', name: 'Rust', price: '11.00', stock: { LDN: 800, MAN: 600 } },
    ],
  },
  {
    name: 'Beeswax Wraps',
    description: 'Cotton wraps coated in beeswax and jojoba oil: cling film that lasts a year.',
    variants: [{ sku: 'WRAP-WAX-3', name: 'Set of 3', price: '16.00', stock: { LDN: 1000, MAN: 800 } }],
  },
  {
    name: 'Merino Jumper',
    description: 'Fine-gauge knit of extra-fine merino with a crew neck. Warm in winter, cool on a train.',
    variants: [
      { sku: 'JMP-MER-S', name: 'Small', price: '89.00', stock: { LDN: 280, MAN: 240 } },
      { sku: 'JMP-MER-M', name: 'Medium', price: '89.00', stock: { LDN: 400, MAN: 350 } },
      { sku: 'JMP-MER-L', name: 'Large', price: '89.00', stock: { LDN: 380, MAN: 320 } },
      { sku: 'JMP-MER-XL', name: 'Extra large', price: '89.00', stock: { LDN: 260, MAN: 250 } },
    ],
  },
  {
    name: 'Organic Cotton T-Shirt',
    description: 'Heavyweight jersey of organic cotton, garment-dyed, cut straight.',
    variants: [
      { sku: 'TSH-ORG-S', name: 'Small', price: '24.00', stock: { LDN: 700, MAN: 600 } },
      { sku: 'TSH-ORG-M', name: 'Medium', price: '24.00', stock: { LDN: 900, MAN: 800 } },
      { sku: 'TSH-ORG-L', name: 'Large', price: '24.00', stock: { LDN: 850, MAN: 750 } },
      { sku: 'TSH-ORG-XL', name: 'Extra large', price: '24.00', stock: { LDN: 500, MAN: 450 } },
    ],
  },
  {
    name: 'Linen Shirt',
    description: 'Relaxed shirt of Irish linen with corozo buttons, made to crease well.',
    variants: [
      { sku: 'SHT-LIN-S', name: 'Small', price: '72.00', stock: { LDN: 300, MAN: 250 } },
      { sku: 'SHT-LIN-M', name: 'Medium', price: '72.00', stock: { LDN: 400, MAN: 300 } },
      { sku: 'SHT-LIN-L', name: 'Large', price: '72.00', stock: { LDN: 350, MAN: 280 } },
    ],
  },
  {
    name: 'Waxed Jacket',
    description:
      'A waterproof field jacket of waxed cotton with a corduroy collar and pockets for everything.',
    variants: [
      { sku: 'JKT-WAX-M', name: 'Medium', price: '189.00', stock: { LDN: 270, MAN: 240 } },
      { sku: 'JKT-WAX-L', name: 'Large', price: '189.00', stock: { LDN: 260, MAN: 250 } },
    ],
  },
  {
    name: 'Wool Beanie',
    description: 'Ribbed lambswool hat, knitted in the Scottish Borders.',
    variants: [
      { sku: 'HAT-WOOL-NVY', name: 'Navy', price: '22.00', stock: { LDN: 700, MAN: 550 } },
      { sku: 'HAT-WOOL-OAT', name: 'Oatmeal', price: '22.00', stock: { LDN: 650, MAN: 500 } },
      { sku: 'HAT-WOOL-RED', name: 'Red', price: '22.00', stock: { LDN: 450, MAN: 400 } },
    ],
  },
  {
    name: 'Walking Socks',
    description: 'Cushioned merino socks that do not slip into the boot.',
    variants: [
      { sku: 'SOCK-WALK-S', name: 'UK 3–6', price: '15.00', stock: { LDN: 900, MAN: 700 } },
      { sku: 'SOCK-WALK-M', name: 'UK 6–9', price: '15.00', stock: { LDN: 1000, MAN: 800 } },
      { sku: 'SOCK-WALK-L', name: 'UK 9–12', price: '15.00', stock: { LDN: 800, MAN: 650 } },
    ],
  },
  {
    name: 'Canvas Tote Bag',
    description: 'Heavy cotton canvas with a zipped inner pocket and a strap long enough for the shoulder.',
    variants: [
      { sku: 'BAG-TOTE-NAT', name: 'Natural', price: '18.00', stock: { LDN: 1100, MAN: 900 } },
      { sku: 'BAG-TOTE-BLK', name: 'Black', price: '18.00', stock: { LDN: 1000, MAN: 850 } },
    ],
  },
  {
    name: 'Roll-Top Backpack',
    description: 'Weatherproof everyday rucksack with a sleeve for a 15-inch laptop. 22 litres.',
    variants: [
      { sku: 'BAG-ROLL-OLV', name: 'Olive', price: '95.00', stock: { LDN: 350, MAN: 300 } },
      { sku: 'BAG-ROLL-GRY', name: 'Charcoal', price: '95.00', stock: { LDN: 330, MAN: 290 } },
    ],
  },
  {
    name: 'Leather Card Holder',
    description: 'Vegetable-tanned leather that darkens with use. Six cards and a folded note.',
    variants: [
      { sku: 'WLT-CARD-TAN', name: 'Tan', price: '35.00', stock: { LDN: 420, MAN: 360 } },
      { sku: 'WLT-CARD-BLK', name: 'Black', price: '35.00', stock: { LDN: 430, MAN: 350 } },
    ],
  },
  {
    name: 'Noise-Cancelling Headphones',
    description:
      'Over-ear wireless headphones with thirty hours of battery and a case that fits a coat pocket.',
    variants: [
      { sku: 'HDP-NC-BLK', name: 'Black', price: '219.00', stock: { LDN: 320, MAN: 260 } },
      { sku: 'HDP-NC-WHT', name: 'White', price: '219.00', stock: { LDN: 280, MAN: 240 } },
    ],
  },
  {
    name: 'Bluetooth Speaker',
    description: 'Pocket-sized, waterproof and louder than it looks. Twelve hours a charge.',
    variants: [
      { sku: 'SPK-BT-CORAL', name: 'Coral', price: '59.00', stock: { LDN: 420, MAN: 330 } },
      { sku: 'SPK-BT-SLATE', name: 'Slate', price: '59.00', stock: { LDN: 450, MAN: 360 } },
    ],
  },
  {
    name: 'Mechanical Keyboard',
    description: 'Compact keyboard with hot-swappable tactile switches and a UK layout.',
    variants: [
      { sku: 'KBD-MECH-75', name: '75 %, tactile', price: '119.00', stock: { LDN: 300, MAN: 240 } },
      { sku: 'KBD-MECH-60', name: '60 %, linear', price: '105.00', stock: { LDN: 290, MAN: 230 } },
    ],
  },
  {
    name: 'Desk Lamp',
    description:
      'Jointed aluminium reading light with a warm-dim LED and a base small enough for a bedside table.',
    variants: [
      { sku: 'LMP-DESK-BRS', name: 'Brass', price: '84.00', stock: { LDN: 290, MAN: 240 } },
      { sku: 'LMP-DESK-BLK', name: 'Matt black', price: '78.00', stock: { LDN: 320, MAN: 260 } },
    ],
  },
  {
    name: 'USB-C Charger',
    description: 'Sixty-five watts from two ports, no bigger than a plug has to be.',
    variants: [
      { sku: 'CHG-USBC-65', name: '65 W, UK plug', price: '39.00', stock: { LDN: 1200, MAN: 1000 } },
    ],
  },
  {
    name: 'Dotted Notebook',
    description: 'A5 notebook of 120 g paper that takes fountain pen ink, bound to lie flat.',
    variants: [
      { sku: 'NTB-A5-DOT-BLK', name: 'Black', price: '14.50', stock: { LDN: 1400, MAN: 1200 } },
      { sku: 'NTB-A5-DOT-GRN', name: 'Forest green', price: '14.50', stock: { LDN: 1200, MAN: 1000 } },
    ],
  },
  {
    name: 'Fountain Pen',
    description: 'Aluminium pen with a steel nib and a converter for bottled ink.',
    variants: [
      { sku: 'PEN-FTN-F', name: 'Fine nib', price: '32.00', stock: { LDN: 400, MAN: 350 } },
      { sku: 'PEN-FTN-M', name: 'Medium nib', price: '32.00', stock: { LDN: 420, MAN: 360 } },
    ],
  },
  {
    name: 'Beeswax Candle',
    description: 'Pure beeswax pillar that burns for sixty hours and smells faintly of honey.',
    variants: [
      { sku: 'CND-WAX-01', name: 'Single', price: '12.00', stock: { LDN: 900, MAN: 750 } },
      { sku: 'CND-WAX-03', name: 'Box of 3', price: '33.00', stock: { LDN: 500, MAN: 400 } },
    ],
  },
  {
    name: 'Wool Throw',
    description: 'Woven in Wales from new wool with a fringe twisted by hand. 130 × 180 cm.',
    variants: [
      { sku: 'THR-WOOL-HEA', name: 'Heather', price: '98.00', stock: { LDN: 280, MAN: 240 } },
      { sku: 'THR-WOOL-SLT', name: 'Slate', price: '98.00', stock: { LDN: 290, MAN: 250 } },
    ],
  },
  {
    name: 'Yoga Mat',
    description: 'Natural rubber with a grip that holds when it gets warm. 4 mm thick.',
    variants: [
      { sku: 'YOG-MAT-SAGE', name: 'Sage', price: '58.00', stock: { LDN: 400, MAN: 350 } },
      { sku: 'YOG-MAT-CHAR', name: 'Charcoal', price: '58.00', stock: { LDN: 420, MAN: 370 } },
    ],
  },
  {
    name: 'Insulated Bottle',
    description: 'Double-walled steel flask: cold for a day, hot for a night, never sweating in the bag.',
    variants: [
      { sku: 'BTL-INS-500', name: '500 ml', price: '26.00', stock: { LDN: 1000, MAN: 850 } },
      { sku: 'BTL-INS-750', name: '750 ml', price: '31.00', stock: { LDN: 900, MAN: 750 } },
    ],
  },
  {
    name: 'Two-Person Tent',
    description: 'Three-season dome tent of 2.1 kg that one person can pitch in five minutes.',
    variants: [{ sku: 'TNT-DOME-2', name: 'Moss green', price: '189.00', stock: { LDN: 270, MAN: 250 } }],
  },
  {
    name: 'Camping Stove',
    description: 'Folding gas stove that boils half a litre in under three minutes and fits in a mug.',
    variants: [{ sku: 'STV-GAS-01', name: 'Titanium', price: '49.00', stock: { LDN: 400, MAN: 340 } }],
  },
  {
    name: 'Head Torch',
    description: 'Rechargeable 400-lumen light with a red mode for reading maps.',
    variants: [{ sku: 'TRC-HEAD-400', name: '400 lumens', price: '38.00', stock: { LDN: 600, MAN: 500 } }],
  },
  {
    name: 'Record Player',
    description: 'Belt-driven turntable with a built-in phono stage. The last batch of its kind has gone.',
    variants: [
      { sku: 'REC-PLAY-WAL', name: 'Walnut', price: '249.00', stock: { LDN: 0, MAN: 0 } },
      { sku: 'REC-PLAY-BLK', name: 'Black', price: '249.00', stock: { LDN: 300, MAN: 240 } },
    ],
  },
  {
    name: 'Restored Wall Clock',
    description: 'A railway clock of 1954, taken apart, cleaned and set going again. There is only this one.',
    variants: [{ sku: 'CLK-WALL-1954', name: 'As found', price: '420.00', stock: { LDN: 1, MAN: 0 } }],
  },
];
