// 20,000 generated requests, spread over all routes: valid, mutated and hostile. No 5xx, documented statuses only, bodies as
// their schemas say, and no read or write of another project's.
import { ROUTES } from '../routes/all-routes.ts'
import { testGenerated } from './generated.case.ts'

testGenerated(Math.ceil(20_000 / ROUTES.length), 1)
